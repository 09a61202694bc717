/**
 * A QR code of text (ISO/IEC 18004): byte mode, error correction M, versions 1 to 20, which is up to 666 bytes. Drawn here so
 * that the secret of the second factor goes to no other machine.
 */

/** Error correction codewords of each block, and number of blocks, for level M by version. */
const correction = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const blocks = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

/** Powers of 2 in the field of 256 elements with the polynomial 0x11d, and their logarithms. */
const power = new Uint8Array(255)
const log = new Uint8Array(256)
for (let i = 0, x = 1; i < 255; i++) {
  power[i] = x
  log[x] = i
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0)
}

const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : power[(log[a]! + log[b]!) % 255]!)

/** Reed-Solomon: the remainder of the data by the generator of that degree. */
export function remainder(data: readonly number[], degree: number): number[] {
  let generator = [1]
  for (let i = 0; i < degree; i++) {
    const next = [...generator, 0]
    generator.forEach((c, at) => (next[at + 1] = next[at + 1]! ^ times(c, power[i]!)))
    generator = next
  }
  const rest = [...data, ...Array<number>(degree).fill(0)]
  for (let at = 0; at < data.length; at++) {
    const factor = rest[at]!
    generator.forEach((c, i) => (rest[at + i] = rest[at + i]! ^ times(c, factor)))
  }
  return rest.slice(data.length)
}

const sizeOf = (version: number): number => 17 + 4 * version

function alignments(version: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const last = sizeOf(version) - 7
  const step = Math.ceil((last - 6) / (count - 1) / 2) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, i) => last - (count - 2 - i) * step)]
}

/** Codewords that fit a version in all. */
function capacity(version: number): number {
  const size = sizeOf(version)
  const patterns = alignments(version).length
  const aligned = patterns ? (patterns ** 2 - 3) * 25 - (patterns - 2) * 10 : 0
  // Finders with their margins, timing, format, the dark module, version.
  const bits = size ** 2 - 3 * 64 - 2 * (size - 16) - 31 - aligned - (version >= 7 ? 36 : 0)
  return Math.floor(bits / 8)
}

function dataCapacity(version: number): number {
  return capacity(version) - correction[version - 1]! * blocks[version - 1]!
}

/** The bits of the message: mode, length, bytes, end, padding. */
function message(bytes: Uint8Array, version: number): number[] {
  const room = dataCapacity(version) * 8
  const bits: number[] = []
  const put = (value: number, length: number): void => {
    for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1)
  }
  put(4, 4)
  put(bytes.length, version < 10 ? 8 : 16)
  for (const b of bytes) put(b, 8)
  put(0, Math.min(4, room - bits.length))
  while (bits.length % 8) bits.push(0)
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8)
  return Array.from({ length: bits.length / 8 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((sum, bit) => sum * 2 + bit, 0))
}

/** Data and correction of all blocks, interleaved. */
function codewords(bytes: Uint8Array, version: number): number[] {
  const data = message(bytes, version)
  const count = blocks[version - 1]!
  const short = Math.floor(data.length / count)
  const longer = data.length % count
  const parts = Array.from({ length: count }, (_, i) => {
    const start = i * short + Math.max(0, i - (count - longer))
    return data.slice(start, start + short + (i >= count - longer ? 1 : 0))
  })
  const ends = parts.map((part) => remainder(part, correction[version - 1]!))
  const column = (rows: number[][], at: number): number[] => rows.flatMap((row) => (at < row.length ? [row[at]!] : []))
  const out: number[] = []
  for (let i = 0; i <= short; i++) out.push(...column(parts, i))
  for (let i = 0; i < correction[version - 1]!; i++) out.push(...column(ends, i))
  return out
}

/** BCH remainder, for the format and version words. */
function bch(value: number, polynomial: number, length: number): number {
  let rest = value << length
  for (let bit = 31 - Math.clz32(rest); rest >> length; bit = 31 - Math.clz32(rest)) rest ^= polynomial << (bit - length)
  return (value << length) | rest
}

/** Level M is 00, so the word begins with the mask's number. */
export const formatWord = (mask: number): number => bch(mask, 0x537, 10) ^ 0x5412
export const versionWord = (version: number): number => bch(version, 0x1f25, 12)

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Rows of modules; undefined is not yet decided, which is where the data goes. */
type Grid = (boolean | undefined)[][]

function frame(version: number): Grid {
  const size = sizeOf(version)
  const grid: Grid = Array.from({ length: size }, () => Array<boolean | undefined>(size).fill(undefined))
  const set = (x: number, y: number, dark: boolean): void => {
    if (x >= 0 && y >= 0 && x < size && y < size) grid[y]![x] = dark
  }
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  const places = alignments(version)
  for (const x of places) {
    for (const y of places) {
      // Corners with a finder have none.
      if ((x === 6 && (y === 6 || y === size - 7)) || (x === size - 7 && y === 6)) continue
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
    }
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) {
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) set(x + dx, y + dy, ![2, 4].includes(Math.max(Math.abs(dx), Math.abs(dy))))
  }
  writeFormat(grid, 0)
  if (version >= 7) {
    for (let i = 0; i < 18; i++) {
      const dark = ((versionWord(version) >> i) & 1) === 1
      set(size - 11 + (i % 3), Math.floor(i / 3), dark)
      set(Math.floor(i / 3), size - 11 + (i % 3), dark)
    }
  }
  return grid
}

function writeFormat(grid: Grid, mask: number): void {
  const size = grid.length
  const word = formatWord(mask)
  for (let i = 0; i < 15; i++) {
    const dark = ((word >> i) & 1) === 1
    // Beside the first finder, bit 0 at its right top, around the corner, past the timing line.
    if (i < 8) grid[i < 6 ? i : i + 1]![8] = dark
    else grid[8]![i === 8 ? 7 : 14 - i] = dark
    // And once more, split between the other two.
    if (i < 8) grid[8]![size - 1 - i] = dark
    else grid[size - 15 + i]![8] = dark
  }
  grid[size - 8]![8] = true
}

/** Lays the bits in columns of two, up and down from the right, past the timing column. */
function fill(grid: Grid, words: number[], mask: (x: number, y: number) => boolean): void {
  const size = grid.length
  let at = 0
  for (let right = size - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (grid[y]![x] !== undefined) continue
        const bit = ((words[at >> 3] ?? 0) >> (7 - (at & 7))) & 1
        at++
        grid[y]![x] = (bit === 1) !== mask(x, y)
      }
    }
  }
}

/** How hard a code is to read, by the four rules of the standard. */
function penalty(rows: boolean[][]): number {
  const size = rows.length
  let sum = 0
  const lines = [...rows, ...rows.map((_, x) => rows.map((row) => row[x]!))]
  for (const line of lines) {
    for (let at = 0; at < size; ) {
      let end = at
      while (end < size && line[end] === line[at]) end++
      if (end - at >= 5) sum += end - at - 2
      at = end
    }
    const text = line.map((dark) => (dark ? '1' : '0')).join('')
    for (const finder of ['10111010000', '00001011101']) for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) sum += 40
  }
  for (let y = 1; y < size; y++) for (let x = 1; x < size; x++) if (new Set([rows[y]![x], rows[y - 1]![x], rows[y]![x - 1], rows[y - 1]![x - 1]]).size === 1) sum += 3
  const dark = rows.flat().filter(Boolean).length / size ** 2
  return sum + 10 * Math.floor(Math.abs(dark * 20 - 10))
}

/** The code's rows, dark is true, without the quiet margin of four modules. Throws when the text is too long. */
export function qr(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text)
  const version = blocks.findIndex((_, i) => bytes.length + (i + 1 < 10 ? 2 : 3) <= dataCapacity(i + 1)) + 1
  if (version === 0) throw new RangeError('too long for a code')
  const words = codewords(bytes, version)
  const drawn = masks.map((mask, number) => {
    const grid = frame(version)
    fill(grid, words, mask)
    writeFormat(grid, number)
    return grid as boolean[][]
  })
  return drawn.reduce((best, next) => (penalty(next) < penalty(best) ? next : best))
}

/** The code as one SVG path of unit squares. */
export function qrPath(rows: boolean[][]): string {
  return rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
}

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { formatWord, qr, qrPath, remainder, versionWord } from './qr.ts'

describe('QR codes', () => {
  it('correct errors as the standard’s tutorial example does', () => {
    const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
    expect(remainder(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23])
  })

  // Tables C.1 and D.1 of ISO/IEC 18004.
  it.each([
    [0, '101010000010010'],
    [5, '100000011001110'],
    [7, '100101010100000'],
  ])('name mask %d at level M', (mask, bits) => expect(formatWord(mask).toString(2).padStart(15, '0')).toBe(bits))
  it('name version 7', () => expect(versionWord(7).toString(2).padStart(18, '0')).toBe('000111110010010100'))

  it.each([
    [1, 21],
    [14, 21],
    [15, 25],
    [106, 41],
    [107, 45],
    [666, 97],
  ])('%d bytes take %d modules', (length, size) => {
    const rows = qr('x'.repeat(length))
    expect(rows).toHaveLength(size)
    expect(rows.every((row) => row.length === size && row.every((dark) => typeof dark === 'boolean'))).toBe(true)
  })

  it('refuse what does not fit', () => expect(() => qr('x'.repeat(667))).toThrow(RangeError))

  it('have a finder in three corners', () => {
    const rows = qr('应答')
    const last = rows.length - 1
    for (const [x, y] of [[0, 0], [last - 6, 0], [0, last - 6]] as const) {
      const ring = rows.slice(y, y + 7).map((row) => row.slice(x, x + 7).map((dark) => (dark ? '#' : '.')).join(''))
      expect(ring).toEqual(['#######', '#.....#', '#.###.#', '#.###.#', '#.###.#', '#.....#', '#######'])
    }
  })

  // Read back by an independent decoder (jsQR 1.4) when they were recorded, as were codes of every version from 1 to 20.
  it.each([
    ['otpauth://totp/Yingda:demo@yingda.dev?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Yingda&algorithm=SHA1&digits=6&period=30', '74c0885fd1e50a09'],
    ['应答 · 每一句提问，都有应答', '860b36a50c70c6ec'],
    ['A', '1d9d85438fa110e4'],
  ])('stay the same for %s', (text, sum) => expect(createHash('sha256').update(qrPath(qr(text))).digest('hex').slice(0, 16)).toBe(sum))
})

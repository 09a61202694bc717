/**
 * Contrast of colours as WCAG 2.2 measures it (relative luminance, success criterion 1.4.3), and the nearest colour that
 * passes: the same hue and chroma in OKLCH (https://bottosson.github.io/posts/oklab/), lighter or darker.
 */

export const ink = '#0f172a'
export const white = '#ffffff'
/** What the widget paints behind coloured words in dark mode. */
export const darkGround = '#0f172a'
/** The house's green, used when an inbox names no colour. */
export const houseColor = '#047857'
/** Level AA for text of normal size, and for shapes and large text. */
export const textMinimum = 4.5
export const shapeMinimum = 3

type Triple = [number, number, number]

export function isColor(text: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(text)
}

/** "#0F8", "0f8855" and " #0f8855 " are what people type. Empty when it is no colour. */
export function readColor(text: string): string {
  const digits = text.trim().replace(/^#/, '').toLowerCase()
  if (/^[0-9a-f]{6}$/.test(digits)) return `#${digits}`
  if (/^[0-9a-f]{3}$/.test(digits)) return `#${[...digits].map((d) => d + d).join('')}`
  return ''
}

function channels(color: string): Triple {
  const value = Number.parseInt(color.slice(1), 16)
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

const toLinear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
const fromLinear = (c: number): number => (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055)

function luminance(color: string): number {
  const [r, g, b] = channels(color).map(toLinear) as Triple
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** From 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** The text colour the widget chooses on a main colour: white if it can be read, else near-black. */
export function textOn(color: string): string {
  return contrast(color, white) >= textMinimum ? white : ink
}

function toOklab(color: string): Triple {
  const [r, g, b] = channels(color).map(toLinear) as Triple
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function fromOklab([L, a, b]: Triple): Triple {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}

/** The colour of that lightness; chroma shrinks until the screen can show it. */
function shade([, a, b]: Triple, lightness: number): string {
  for (let keep = 1; ; keep -= 0.02) {
    const rgb = fromOklab([lightness, a * Math.max(keep, 0), b * Math.max(keep, 0)])
    if (keep <= 0 || rgb.every((c) => c >= -0.0005 && c <= 1.0005)) {
      const digits = rgb.map((c) => Math.round(Math.min(Math.max(fromLinear(Math.min(Math.max(c, 0), 1)), 0), 1) * 255))
      return `#${digits.map((d) => d.toString(16).padStart(2, '0')).join('')}`
    }
  }
}

/** The colour closest to the wanted one that passes; the wanted one itself if it does. Null when none of its hue can. */
export function nearestPassing(wanted: string, passes: (color: string) => boolean): string | null {
  if (passes(wanted)) return wanted
  const lab = toOklab(wanted)
  for (let step = 1; step <= 200; step++) {
    for (const lightness of [lab[0] - step * 0.005, lab[0] + step * 0.005]) {
      if (lightness < 0 || lightness > 1) continue
      const color = shade(lab, lightness)
      if (passes(color)) return color
    }
  }
  return null
}

export interface Check {
  name: 'button' | 'light' | 'dark'
  ratio: number
  minimum: number
  passes: boolean
}

/** What is measured of a widget's main colour: its button text, and its shapes on a light and a dark page. */
export function checkColor(color: string): Check[] {
  const rows: [Check['name'], number, number][] = [
    ['button', contrast(color, textOn(color)), textMinimum],
    ['light', contrast(color, white), textMinimum],
    ['dark', contrast(color, darkGround), shapeMinimum],
  ]
  return rows.map(([name, ratio, minimum]) => ({ name, ratio, minimum, passes: ratio >= minimum }))
}

/** The nearest colour that passes every check that a colour can pass. */
export function suggest(color: string): string | null {
  return nearestPassing(color, (c) => checkColor(c).every((row) => row.passes))
}

import { shallowRef } from 'vue'
import type { Media } from '../conversations/shapes.ts'

/** The pictures that are shown large, and which of them; null when none is. */
export const lightbox = shallowRef<{ pictures: Media[]; at: number } | null>(null)

export function showLarge(pictures: Media[], at: number): void {
  lightbox.value = { pictures, at }
}

/** Only web addresses and our own paths are followed. */
export function safeUrl(url: string | undefined): string | undefined {
  return url && (/^https?:\/\//i.test(url) || /^\/(?![/\\])/.test(url) || /^blob:/.test(url)) ? url : undefined
}

/** "4.2 MB": a size for people. */
export function sizeLabel(locale: string, bytes: number | undefined): string {
  if (!bytes) return ''
  const [value, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'kilobyte'] : [bytes / 1024 / 1024, 'megabyte']
  return new Intl.NumberFormat(locale, { style: 'unit', unit: String(unit), unitDisplay: 'short', maximumFractionDigits: Number(value) < 10 ? 1 : 0 }).format(Math.max(0.1, Number(value)))
}

/** "1:05": a length of sound. */
export function lengthLabel(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

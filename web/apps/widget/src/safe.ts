/** A stretch of text, or of text that is an address. */
export interface Piece {
  text: string;
  href?: string;
}

const address = /\bhttps?:\/\/[^\s<>"'“”‘’（）【】《》「」，。；：！？、]+/gi;
/** Ends a sentence rather than an address. */
const tail = /[.,;:!?)\]}'"]+$/;

/** Splits text at web addresses; everything else stays text, so nothing in it can act. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    let found = match[0].replace(tail, '');
    // Keep a closing bracket that belongs to the address: /wiki/Tea_(drink)
    if (match[0][found.length] === ')' && found.includes('(')) found += ')';
    const href = safeURL(found);
    if (!href) continue;
    if (match.index > from) out.push({ text: text.slice(from, match.index) });
    out.push({ text: found, href });
    from = match.index + found.length;
  }
  if (from < text.length) out.push({ text: text.slice(from) });
  return out;
}

/** The absolute http(s) address, or '' for anything that could run, hide or fail. */
export function safeURL(url: string | undefined, base: string = location.href): string {
  if (!url) return '';
  try {
    const u = new URL(url, base);
    return (u.protocol === 'https:' || u.protocol === 'http:') && !u.username && !u.password ? u.href : '';
  } catch {
    return '';
  }
}

export function sizeText(bytes: number | undefined): string {
  if (!bytes || bytes < 0) return '';
  const units = ['B', 'KB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  return `${value >= 10 || step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** #rrggbb or nothing. */
export function safeColor(color: string | null | undefined): string {
  return /^#[0-9a-f]{6}$/i.test(color ?? '') ? color!.toLowerCase() : '';
}

const channels = (color: string): number[] => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));

function luminance(color: string): number {
  const [r, g, b] = channels(color).map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2.2 contrast of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** WCAG 2.2 contrast of white on the colour, 1 to 21. */
export function contrastWithWhite(color: string): number {
  return contrast(color, '#ffffff');
}

/** The colour, moved towards black or white as far as it takes to be read on the ground. */
export function readableOn(ground: string, color: string): string {
  const end = luminance(ground) > 0.4 ? 0 : 255;
  for (let share = 0; share < 1; share += 0.05) {
    const moved = `#${channels(color).map((v) => Math.round(v + (end - v) * share).toString(16).padStart(2, '0')).join('')}`;
    if (contrast(ground, moved) >= 4.6) return moved;
  }
  return end ? '#ffffff' : '#000000';
}

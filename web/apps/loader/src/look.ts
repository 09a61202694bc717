/** What the server tells about the inbox before any frame is loaded, or what was kept of it from the last page. */
export interface Look {
  known?: boolean;
  allowed?: boolean;
  enabled?: boolean;
  primary?: string;
  widget?: {
    position?: string;
    offset_x?: number;
    offset_y?: number;
    theme?: string;
    languages?: string[];
    texts?: Record<string, { launcher?: string } | undefined>;
  };
}

/** Why the chat stays away, told to the site's owner in the console; visitors see no broken thing. */
export function refusal(look: Look, key: string): string {
  return look.known === false
    ? `no inbox has the channel key ${key}`
    : look.enabled === false
      ? 'the inbox is switched off'
      : look.allowed === false
        ? `${location.origin} is not an allowed site of the inbox`
        : '';
}

/** Paths of the two faces of the button. The mark: a speech bubble whose tail turns into a tick. */
export const icons = {
  mark: 'M20 7.6A4.6 4.6 0 0 0 15.4 3H7.6A4.6 4.6 0 0 0 3 7.6v3.8A4.6 4.6 0 0 0 7.6 16h1l3.6 4.6L21.4 10.6',
  down: 'M6 9.5l6 6 6-6',
};

/** Built node by node: pages with Trusted Types forbid markup from text. */
export function icon(path: string): SVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const line = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** #rrggbb, or the house's green for anything else: the value comes from a page. */
export function brandColor(wanted: string | undefined): string {
  return /^#[0-9a-f]{6}$/i.test(wanted ?? '') ? wanted! : '#047857';
}

/** White or near-black, whichever reads better on the colour (WCAG 2.2 contrast). */
export function inkOn(color: string): string {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(color.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (luminance + 0.05) >= 4.5 ? '#ffffff' : '#0f172a';
}

/** A distance from the edge, whatever the settings hold. */
export function offset(wanted: unknown): string {
  const px = Number(wanted);
  return `${px > 0 && px <= 200 ? px : 20}px`;
}

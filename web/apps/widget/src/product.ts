import type { Product } from '@yingda/sdk';
import { safeURL } from './safe.ts';

const text = (value: unknown, most: number): string =>
  typeof value === 'string' || typeof value === 'number' ? [...String(value).trim()].slice(0, most).join('') : '';

/** A product as the page names it, cut to what the protocol takes; null for anything else. */
export function cleanProduct(given: unknown, page = ''): Product | null {
  if (typeof given !== 'object' || given === null) return null;
  const g = given as Record<string, unknown>;
  const title = text(g.title ?? g.name, 200);
  if (!title) return null;
  const base = /^https?:/.test(page) ? page : location.href;
  const url = safeURL(text(g.url, 2_000) || page, base);
  const image = safeURL(text(g.image_url ?? g.image, 2_000), base);
  const price = text(g.price, 50);
  return { title, ...(url ? { url } : {}), ...(image ? { image_url: image } : {}), ...(price ? { price } : {}) };
}

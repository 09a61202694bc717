/** The product of a page, as the page itself describes it. */
export interface Product {
  title: string;
  url?: string;
  image_url?: string;
  price?: string;
}

type Json = { [key: string]: unknown } | undefined;

const text = (value: unknown, most: number): string => (typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, most) : '');

function link(value: unknown): string {
  try {
    const u = new URL(text(value, 2_000), location.href);
    return text(value, 1) && /^https?:$/.test(u.protocol) ? u.href : '';
  } catch {
    return '';
  }
}

/** What the page says of it, cut to size; null for what is not a product. */
function clean(given: unknown): Product | null {
  const g = (given ?? {}) as { [key: string]: unknown };
  const title = text(g.title, 200);
  if (!title) return null;
  const found: Product = { title, url: link(g.url) || location.href };
  const image = link(g.image);
  const price = text(g.price, 50);
  if (image) found.image_url = image;
  if (price) found.price = price;
  return found;
}

function money(amount: unknown, currency: unknown): string {
  const value = text(amount, 30);
  try {
    return value && new Intl.NumberFormat(document.documentElement.lang || undefined, { style: 'currency', currency: text(currency, 3) }).format(Number(value));
  } catch {
    return value;
  }
}

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

function find(node: unknown, depth = 0): Json {
  if (!node || typeof node !== 'object' || depth > 3) return undefined;
  if (Array.isArray(node)) {
    for (const n of node.slice(0, 50)) {
      const hit = find(n, depth + 1);
      if (hit) return hit;
    }
    return undefined;
  }
  const n = node as { [key: string]: unknown };
  return ([] as unknown[]).concat(n['@type']).includes('Product') ? n : find(n['@graph'] ?? n.mainEntity, depth + 1);
}

/** The product the page describes for search engines: JSON-LD first, then Open Graph. */
export function described(): Product | null {
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    try {
      const p = find(JSON.parse(script.textContent || ''));
      if (!p) continue;
      const image = first(p.image) as string | { url?: string } | undefined;
      const offer = (first(p.offers) ?? {}) as { [key: string]: unknown };
      return clean({ title: p.name, url: p.url, image: typeof image === 'object' ? image.url : image, price: money(offer.price ?? offer.lowPrice, offer.priceCurrency) });
    } catch {
      // Somebody else's data, and not well formed.
    }
  }
  const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[property="${name}"]`)?.content;
  if (!/^product/.test(meta('og:type') ?? '')) return null;
  return clean({ title: meta('og:title'), url: meta('og:url'), image: meta('og:image'), price: money(meta('product:price:amount'), meta('product:price:currency')) });
}

import { beforeEach, describe, expect, it } from 'vitest';
import { described } from '../src/product.ts';

function ld(data: unknown): void {
  const script = document.createElement('script');
  script.type = 'application/ld+json';
  script.textContent = typeof data === 'string' ? data : JSON.stringify(data);
  document.head.append(script);
}

function meta(property: string, content: string): void {
  const m = document.createElement('meta');
  m.setAttribute('property', property);
  m.content = content;
  document.head.append(m);
}

beforeEach(() => {
  document.head.replaceChildren();
  document.documentElement.lang = 'zh-CN';
});

const here = 'https://shop.example/p/1';

describe('the product a page describes', () => {
  it('is found in JSON-LD, alone, in a list or in a graph', () => {
    const product = { '@type': ['Thing', 'Product'], name: '耳机', image: ['/h.png'], offers: [{ price: '699.00', priceCurrency: 'CNY' }] };
    for (const data of [product, [{ '@type': 'Shop' }, product], { '@graph': [product] }, { '@type': 'WebPage', mainEntity: product }]) {
      document.head.replaceChildren();
      ld(data);
      expect(described()).toEqual({ title: '耳机', url: here, image_url: 'https://shop.example/h.png', price: '¥699.00' });
    }
  });

  it('is found in Open Graph, if the page says that it is a product', () => {
    meta('og:title', '水壶');
    expect(described()).toBeNull();
    meta('og:type', 'product');
    meta('og:image', 'https://cdn.example/k.png');
    meta('product:price:amount', '169');
    expect(described()).toEqual({ title: '水壶', url: here, image_url: 'https://cdn.example/k.png', price: '169' });
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['no name', { '@type': 'Product' }],
    ['a name that is no text', { '@type': 'Product', name: { a: 1 } }],
    ['deep nesting', `${'{"@graph":'.repeat(500)}1${'}'.repeat(500)}`],
  ])('is nothing for %s', (_name, data) => {
    ld(data);
    expect(described()).toBeNull();
  });

  it('leads nowhere but to web pages', () => {
    ld({ '@type': 'Product', name: 'x', url: 'javascript:alert(1)', image: { url: 'data:text/html,x' }, offers: { price: 'many' } });
    expect(described()).toEqual({ title: 'x', url: here, price: 'many' });
  });
});

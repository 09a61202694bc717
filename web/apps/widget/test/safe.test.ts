import { describe, expect, it } from 'vitest';
import { dayName } from '../src/dates.ts';
import { contrast, contrastWithWhite, pieces, readableOn, safeColor, safeURL, sizeText } from '../src/safe.ts';

describe('links in text', () => {
  it.each([
    ['见 https://a.example/订单?id=1，谢谢', ['https://a.example/%E8%AE%A2%E5%8D%95?id=1']],
    ['(https://a.example/x).', ['https://a.example/x']],
    ['https://en.example/wiki/Tea_(drink) ok', ['https://en.example/wiki/Tea_(drink)']],
    ['http://a.example and https://b.example!', ['http://a.example/', 'https://b.example/']],
    ['javascript:alert(1) data:text/html,x vbscript:x', []],
    ['https://user:secret@a.example/', []],
    ['xhttps://a.example', []],
    ['<a href="https://a.example/" onclick=x>', ['https://a.example/']],
    ['https://', []],
  ])('%s', (text, links) => {
    const split = pieces(text);
    expect(split.map((p) => p.text).join('')).toBe(text);
    expect(split.filter((p) => p.href).map((p) => p.href)).toEqual(links);
  });

  it('is quick on hostile text', () => {
    const began = performance.now();
    pieces('https://'.repeat(1_250));
    pieces(`https://a.example/${')'.repeat(9_000)}`);
    pieces('.'.repeat(10_000));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('addresses', () => {
  it.each([
    ['/files/1.png', 'https://desk.example/files/1.png'],
    ['https://cdn.example/1.png', 'https://cdn.example/1.png'],
    ['javascript:alert(1)', ''],
    [' java\nscript:alert(1)', ''],
    ['data:image/svg+xml,<svg onload=x>', ''],
    ['blob:https://a.example/1', ''],
    ['', ''],
    [undefined, ''],
  ])('%s → %s', (url, safe) => expect(safeURL(url, 'https://desk.example/widget/')).toBe(safe));
});

it.each([
  [0, ''],
  [999, '999 B'],
  [1_536, '1.5 KB'],
  [238_000, '232 KB'],
  [5e12, '4657 GB'],
])('shows %s bytes as %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

it('knows colours and their contrast', () => {
  expect(safeColor('#047857')).toBe('#047857');
  expect(safeColor('red')).toBe('');
  expect(contrastWithWhite('#000000')).toBeCloseTo(21, 5);
  expect(contrastWithWhite('#047857')).toBeGreaterThan(4.5);
});

it('names days as people do, across a year', () => {
  const words = { lang: 'zh-CN', today: '今天', yesterday: '昨天' };
  const now = new Date(2026, 0, 1, 12);
  const at = (y: number, m: number, d: number) => new Date(y, m, d, 9).toISOString();
  expect(dayName(at(2026, 0, 1), now, words)).toBe('今天');
  expect(dayName(at(2025, 11, 31), now, words)).toBe('昨天');
  expect(dayName(at(2025, 11, 30), now, words)).toContain('2025');
  expect(dayName('nonsense', now, words)).toBe('');
});

it.each(['#ffff00', '#000000', '#ffffff', '#1d4ed8', '#f59e0b', '#808080'])('makes %s readable on both grounds, and leaves what is', (color) => {
  for (const ground of ['#f1f5f9', '#1e293b']) {
    const moved = readableOn(ground, color);
    expect(contrast(ground, moved)).toBeGreaterThan(4.5);
    if (contrast(ground, color) >= 4.6) expect(moved).toBe(color);
  }
});

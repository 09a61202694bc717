// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url).pathname;

const gzipped = (text: string) => gzipSync(text).length;

it('fits into 90 KiB gzip at first and asks no other host', async () => {
  const out = (await build({ root, logLevel: 'error', build: { write: false } })) as Rollup.RollupOutput;
  const files = out.output.map((o) => ({ name: o.fileName, text: o.type === 'chunk' ? o.code : String(o.source) }));
  const html = files.find((f) => f.name === 'index.html')!.text;
  const size = (some: typeof files) => some.reduce((sum, f) => sum + gzipped(f.text), 0);
  // What the page names, and what that imports without waiting.
  const first = new Set([...html.matchAll(/"\.\/(assets\/[^"]+)"/g)].map((m) => m[1]!));
  for (const name of first) {
    const chunk = out.output.find((o) => o.fileName === name);
    if (chunk?.type === 'chunk') for (const i of chunk.imports) first.add(i);
  }
  expect(first.size).toBeGreaterThan(1);
  expect(size(files.filter((f) => first.has(f.name))) + gzipped(html)).toBeLessThan(90 * 1024);
  // All of it, with what comes later.
  expect(size(files)).toBeLessThan(110 * 1024);
  // Emoji, recorder, player and forms are not in the first load.
  expect(files.filter((f) => first.has(f.name)).map((f) => f.text).join('')).not.toMatch(/🥳|getUserMedia|playbackRate/u);
  // Relative addresses only, and nothing inline that a policy would refuse.
  expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1])).toEqual(expect.arrayContaining([expect.stringMatching(/^\.\//)]));
  expect(html).not.toMatch(/(?:src|href)="(?!\.\/)/);
  expect(html).not.toMatch(/<script(?![^>]*src=)|style="|<style/);
  for (const f of files.filter((f) => f.name.endsWith('.css'))) expect(f.text).not.toMatch(/@import|url\((?!#)/);
}, 240_000);

it('never turns text into markup', () => {
  for (const name of readdirSync(`${root}/src`, { recursive: true }) as string[]) {
    if (!/\.(vue|ts)$/.test(name)) continue;
    expect(readFileSync(`${root}/src/${name}`, 'utf8'), name).not.toMatch(/v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});

it('keeps files short enough to read', () => {
  for (const name of readdirSync(`${root}/src`, { recursive: true }) as string[]) {
    if (/\.(vue|ts|css)$/.test(name)) expect(readFileSync(`${root}/src/${name}`, 'utf8').split('\n').length, name).toBeLessThan(name.endsWith('.css') ? 420 : 305);
  }
});

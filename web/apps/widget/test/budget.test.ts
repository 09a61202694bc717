// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { expect, it } from 'vitest';

const root = new URL('..', import.meta.url).pathname;

it('fits into 90 KiB gzip and asks no other host', async () => {
  const out = (await build({ root, logLevel: 'error', build: { write: false } })) as Rollup.RollupOutput;
  const files = out.output.map((o) => ({ name: o.fileName, text: o.type === 'chunk' ? o.code : String(o.source) }));
  expect(files.reduce((sum, f) => sum + gzipSync(f.text).length, 0)).toBeLessThan(90 * 1024);
  const html = files.find((f) => f.name === 'index.html')!.text;
  // Relative addresses only, and nothing inline that a policy would refuse.
  expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1])).toEqual(expect.arrayContaining([expect.stringMatching(/^\.\//)]));
  expect(html).not.toMatch(/(?:src|href)="(?!\.\/)/);
  expect(html).not.toMatch(/<script(?![^>]*src=)|style="|<style/);
  expect(files.find((f) => f.name.endsWith('.css'))!.text).not.toMatch(/@import|url\((?!#)/);
}, 240_000);

it('never turns text into markup', () => {
  for (const name of readdirSync(`${root}/src`, { recursive: true }) as string[]) {
    if (!/\.(vue|ts)$/.test(name)) continue;
    expect(readFileSync(`${root}/src/${name}`, 'utf8'), name).not.toMatch(/v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});

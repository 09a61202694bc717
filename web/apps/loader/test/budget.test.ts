// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { build, type Rollup } from 'vite';
import { expect, it } from 'vitest';

it('fits into 6 KiB gzip, as one classic script', async () => {
  const out = (await build({ root: new URL('..', import.meta.url).pathname, logLevel: 'error', build: { write: false } })) as Rollup.RollupOutput;
  const [bundle] = [out].flat() as Rollup.RollupOutput[];
  expect(bundle!.output.map((o) => o.fileName)).toEqual(['loader.js']);
  const code = bundle!.output[0]!.code;
  expect(gzipSync(code).length).toBeLessThan(6 * 1024);
  // What a strict Content-Security-Policy or Trusted Types would refuse.
  expect(code).not.toMatch(/innerHTML|\beval\b|new Function|document\.write|insertAdjacentHTML|setAttribute\("style"/);
}, 60_000);

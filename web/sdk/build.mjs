// Beside the modules that tsc writes: one CommonJS file for WeChat's npm build and old bundlers, one script for
// pages without a bundler (global `Yingda`).
import { writeFile } from 'node:fs/promises';
import { build } from 'vite';

const formats = [
  { format: 'cjs', outDir: 'dist/miniprogram', file: 'index.js', target: 'es2018' },
  { format: 'iife', outDir: 'dist', file: 'yingda.global.js', target: 'es2020' },
];
for (const { format, outDir, file, target } of formats) {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      lib: { entry: 'src/index.ts', formats: [format], name: 'Yingda', fileName: () => file },
      outDir,
      emptyOutDir: false,
      target,
      minify: true,
    },
  });
}
// The package is of ES modules; this folder is not.
await writeFile('dist/miniprogram/package.json', '{ "type": "commonjs" }\n');

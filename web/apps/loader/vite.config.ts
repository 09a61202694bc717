import { defineConfig } from 'vite';

/**
 * Two scripts with fixed names: the classic one whose address customers paste,
 * and a module that it fetches when the chat's frame is loaded. Built as
 * libraries, because a page's build would put preload code around import().
 */
export default defineConfig(({ mode }) => ({
  build: {
    outDir: '../../../internal/surface/webui/dist/loader',
    emptyOutDir: mode !== 'extra',
    target: 'es2020',
    minify: true,
    lib:
      mode === 'extra'
        ? { entry: 'src/extra.ts', formats: ['es' as const], fileName: () => 'extra.js' }
        : { entry: 'src/loader.ts', formats: ['iife' as const], name: 'yingdaLoader', fileName: () => 'loader.js' },
  },
}));

import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

export default defineConfig({
  // Every address is relative, so the files may live under any path or on a CDN.
  base: './',
  plugins: [vue()],
  resolve: { alias: { '@yingda/sdk': fileURLToPath(new URL('../../sdk/src/index.ts', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: '../../../internal/surface/webui/dist/widget',
    emptyOutDir: true,
    target: ['es2020', 'chrome87', 'safari14', 'firefox78'],
    modulePreload: { polyfill: false },
    // Data addresses in style sheets would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
  },
});

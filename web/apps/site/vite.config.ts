import { defineConfig } from 'vite';

/**
 * Plain pages: the welcome at "/", the demo shop at "/demo", the API's
 * documentation at "/api/docs". Their files are served below "/site/".
 */
export default defineConfig({
  base: './',
  build: {
    outDir: '../../../internal/surface/webui/dist/site',
    emptyOutDir: true,
    target: ['es2020', 'chrome87', 'safari14', 'firefox78'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { input: { welcome: 'index.html', demo: 'demo.html', docs: 'docs.html' } },
  },
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `./site/${name}` : { relative: true }),
  },
});

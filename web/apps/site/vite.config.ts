import { defineConfig } from 'vite';

/** Two plain pages: the welcome at "/" and the demo shop at "/demo". Their files are served under "/site/". */
export default defineConfig({
  base: './',
  build: {
    outDir: '../../../internal/surface/webui/dist/site',
    emptyOutDir: true,
    target: ['es2020', 'chrome87', 'safari14', 'firefox78'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { input: { welcome: 'index.html', demo: 'demo.html' } },
  },
  experimental: {
    // The pages stand at the root, their files below it.
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `./site/${name}` : { relative: true }),
  },
});

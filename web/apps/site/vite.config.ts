import { defineConfig, type Plugin } from 'vite';
import { pictureFile, pictures } from './src/pictures.ts';

/** Each product's drawing as a file too, for the card that a visitor sends. */
const productPictures: Plugin = {
  name: 'product-pictures',
  apply: 'build',
  generateBundle() {
    for (const [id, drawing] of Object.entries(pictures)) {
      const source = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><path fill="#eef2f6" d="M0 0h200v200H0z"/>${drawing}</svg>`;
      this.emitFile({ type: 'asset', fileName: pictureFile(id), source });
    }
  },
};

/**
 * Plain pages: the welcome at "/", the demo shop at "/demo", the API's
 * documentation at "/api/docs", a page to try an inbox on at "/try". Their files are served below "/site/".
 */
export default defineConfig({
  base: './',
  plugins: [productPictures],
  build: {
    outDir: '../../../internal/surface/webui/dist/site',
    emptyOutDir: true,
    target: ['es2020', 'chrome87', 'safari14', 'firefox78'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { input: { welcome: 'index.html', demo: 'demo.html', docs: 'docs.html', try: 'try.html' } },
  },
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === 'html' ? `./site/${name}` : { relative: true }),
  },
});

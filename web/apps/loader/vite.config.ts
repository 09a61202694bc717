import { defineConfig } from 'vite';

/** One classic script with a fixed name: customers paste its address. */
export default defineConfig({
  build: {
    outDir: '../../../internal/surface/webui/dist/loader',
    emptyOutDir: true,
    target: 'es2019',
    rollupOptions: {
      input: 'src/loader.ts',
      output: { format: 'iife', entryFileNames: 'loader.js' },
    },
  },
});

import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vite.config.ts';

export default mergeConfig(
  base({ mode: 'test', command: 'build' }),
  defineConfig({
    test: {
      // Room for a busy machine.
      testTimeout: 30_000,
      include: ['test/**/*.test.ts'],
      environment: 'happy-dom',
      // The frame's page is nobody's here; tests speak in its name.
      environmentOptions: { happyDOM: { url: 'https://shop.example/p/1', settings: { disableIframePageLoading: true } } },
    },
  }),
);

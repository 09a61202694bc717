import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vite.config.ts';

export default mergeConfig(
  base,
  defineConfig({
    test: {
      // Room for a busy machine.
      testTimeout: 30_000,
      include: ['test/**/*.test.ts'],
      environment: 'happy-dom',
      environmentOptions: { happyDOM: { url: 'https://desk.example/widget/?key=chk_demo' } },
    },
  }),
);

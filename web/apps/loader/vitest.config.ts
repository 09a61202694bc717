import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vite.config.ts';

export default mergeConfig(base, defineConfig({ test: { include: ['test/**/*.test.ts'], environment: 'happy-dom', environmentOptions: { happyDOM: { url: 'https://shop.example/p/1', settings: { disableIframePageLoading: true } } } } }));

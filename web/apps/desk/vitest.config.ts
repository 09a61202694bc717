import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  resolve: { dedupe: ['vue', 'vue-router', 'vue-i18n', '@vueuse/core'] },
  test: { environment: 'happy-dom', testTimeout: 30_000, include: ['src/**/*.test.ts'], env: { TZ: 'Asia/Shanghai' } },
})

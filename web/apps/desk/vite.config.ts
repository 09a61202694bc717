import { fileURLToPath } from 'node:url'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { lateIcons } from './scripts/late-icons.ts'
import { ourColors } from './scripts/our-colors.ts'

/** Features whose pages are loaded late, with their icons. */
const late = ['features/admin', 'features/bot', 'features/account', 'features/onboarding', 'features/queue', 'features/context', 'features/composer', 'features/thread', 'features/media', 'features/devtest']
/** What each meaning looks like; DESIGN.md of web/shared says what they mean. */
const colors = { primary: 'emerald', neutral: 'slate', success: 'emerald', warning: 'amber', error: 'red', info: 'blue', note: 'violet' } as const
const outDir = fileURLToPath(new URL('../../../internal/surface/webui/dist/desk', import.meta.url))

export default defineConfig({
  // Chunks find each other relative to themselves, so all assets can move to a CDN; only index.html names a place,
  // relative to its <base href="/desk/">.
  base: './',
  // The UI library is installed at the workspace's root and must share our copies.
  resolve: {
    dedupe: ['vue', 'vue-router', 'vue-i18n', '@vueuse/core'],
    alias: [
      { find: /^@unhead\/vue(\/client)?$/, replacement: fileURLToPath(new URL('src/shell/head.ts', import.meta.url)) },
    ],
  },
  plugins: [
    vue(),
    ourColors([...new Set(Object.values(colors))]),
    lateIcons(fileURLToPath(new URL('.', import.meta.url)), late),
    ui({
      dts: 'src/components.d.ts' as unknown as boolean,
      autoImport: false,
      components: { dts: 'src/components.d.ts', dirs: [] },
      colorMode: true,
      // Icons are part of the build; nothing is fetched from another host at run time.
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'], globExclude: late.map((folder) => `src/${folder}/**`) } } },
      ui: {
        colors,
        // A line that cuts off what does not fit must be tall enough for the tails of g and y, and for Chinese.
        select: { slots: { value: '-my-0.5 leading-6' } },
        selectMenu: { slots: { value: '-my-0.5 leading-6' } },
        // Paler by a tenth under the pointer, not by a quarter: white words on it keep their contrast.
        button: {
          slots: { base: 'cursor-pointer' },
          compoundVariants: (['primary', 'success', 'warning', 'error', 'info', 'note'] as const).map((color) => ({ color, variant: 'solid' as const, class: `hover:bg-${color}/90 active:bg-${color}/90` })),
        },
      },
      theme: { colors: ['primary', 'success', 'warning', 'error', 'info', 'note'], transitions: true },
    }),
  ],
  // shared/src/i18n/compile.ts reads our texts instead of vue-i18n's own compiler.
  define: { __VUE_OPTIONS_API__: 'false', __INTLIFY_DROP_MESSAGE_COMPILER__: 'true', __INTLIFY_PROD_DEVTOOLS__: 'false', __VUE_I18N_LEGACY_API__: 'false' },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/connection': { target: 'http://127.0.0.1:8080', ws: true } } },
  build: {
    outDir,
    emptyOutDir: true,
    manifest: true,
    sourcemap: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
})

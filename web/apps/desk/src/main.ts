import ui from '@nuxt/ui/vue-plugin'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { currentLocale, languages, loadTexts } from './i18n/index.ts'
import './main.css'
import { createDeskRouter } from './routes.ts'
import { queries } from './server.ts'

document.documentElement.lang = currentLocale()

void loadTexts().then(() => {
  createApp(App).use(createDeskRouter()).use(languages).use(VueQueryPlugin, { queryClient: queries }).use(ui).mount('#app')
})

// Installable, and opens without a network. The worker keeps the shell only; it needs https or this machine.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  const register = (): void => void navigator.serviceWorker.register('/desk/sw.js', { scope: '/desk/' }).catch(() => undefined)
  if (document.readyState === 'complete') register()
  else addEventListener('load', register)
}

/**
 * Stands in for @unhead/vue, of which Nuxt UI uses one thing: to put the colours of its configuration into a style element. Its colour plugin
 * writes that element by itself too, as the first thing it does, and waits for a head only to replace it; ours never change while a page is open.
 */
export const createHead = (): { install: () => void } => ({ install: () => undefined })
export const injectHead = (): { hooks: undefined } => ({ hooks: undefined })
export const useHead = (): void => undefined

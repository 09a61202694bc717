// Of Tailwind's palette, the colours that the desk's meanings have: Nuxt UI's colour plugin imports all twenty-six, of which we use six.
import colors from 'tailwindcss/colors'
import type { Plugin } from 'vite'

const id = '\0our-colors'

/** A Vite plugin: only the named colours are in the page. */
export function ourColors(names: string[]): Plugin {
  return {
    name: 'our-colors',
    enforce: 'pre',
    resolveId: (wanted) => (wanted === 'tailwindcss/colors' ? id : undefined),
    load: (wanted) => (wanted === id ? `export default ${JSON.stringify(Object.fromEntries(names.map((name) => [name, (colors as unknown as Record<string, unknown>)[name]])))}` : undefined),
  }
}

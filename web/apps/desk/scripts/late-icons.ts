// Icons of pages that are loaded late, as a module of their own: the first screen does not carry them.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'

interface IconSet {
  prefix: string
  width?: number
  height?: number
  icons: Record<string, object>
  aliases?: Record<string, { parent: string }>
}

const id = 'virtual:late-icons'

/** A Vite plugin. folders are below src; the icons named in their files become one collection. */
export function lateIcons(root: string, folders: string[]): Plugin {
  return {
    name: 'late-icons',
    resolveId: (wanted) => (wanted === id ? `\0${id}` : undefined),
    load(wanted) {
      if (wanted !== `\0${id}`) return undefined
      const set = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@iconify-json/lucide/icons.json'), 'utf8')) as IconSet
      const names = new Set<string>()
      for (const folder of folders) {
        for (const file of readdirSync(`${root}/src/${folder}`, { recursive: true, encoding: 'utf8' })) {
          if (!/\.(vue|ts)$/.test(file)) continue
          for (const [, name] of readFileSync(`${root}/src/${folder}/${file}`, 'utf8').matchAll(/\bi-lucide-([a-z0-9-]+)/g)) names.add(name!)
        }
      }
      const icons: Record<string, object> = {}
      for (const name of [...names].sort()) {
        const icon = set.icons[name] ?? set.icons[set.aliases?.[name]?.parent ?? '']
        if (!icon) throw new Error(`there is no icon ${name}`)
        icons[name] = icon
      }
      const collection = { prefix: set.prefix, width: set.width, height: set.height, icons }
      return `import { addCollection } from '@iconify/vue'\naddCollection(${JSON.stringify(collection)})\nexport {}`
    },
  }
}

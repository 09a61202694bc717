import { computed, onScopeDispose, shallowReactive } from 'vue'

export type CommandGroup = 'conversation' | 'go' | 'people' | 'settings'

/** Something that can be done by name. */
export interface Command {
  id: string
  group: CommandGroup
  title: string
  icon: string
  /** Other words for it, in any language. */
  words?: string[]
  /** Pinyin initials of its title. */
  initials?: string
  keys?: string[]
  /** Shown only when it is asked for by words. */
  quiet?: boolean
  run: () => void
}

const sources = shallowReactive(new Set<() => Command[]>())

/** Adds commands for as long as the caller's component lives. */
export function provideCommands(source: () => Command[]): void {
  sources.add(source)
  onScopeDispose(() => sources.delete(source))
}

/** What can be done right now, in the order of the groups. */
export function useCommands() {
  const order: CommandGroup[] = ['conversation', 'go', 'people', 'settings']
  return computed(() => [...sources].flatMap((source) => source()).sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group)))
}

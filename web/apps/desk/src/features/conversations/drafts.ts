import { me } from '../session/model.ts'
import type { OutboxItem } from './model.ts'

export interface Draft {
  text: string
  mode: OutboxItem['mode']
  /** The server's draft on which it was made, and whether nothing was changed since. */
  base?: { kind: OutboxItem['mode']; revision: number; clean: boolean }
}

/** Unsent texts, in this browser, per person and conversation. The 50 newest are kept. */
const kept = 50

function storageKey(name: string): string {
  return `yingda.${name}.${me()}`
}

function read<T>(name: string, empty: T): T {
  try {
    const text = localStorage.getItem(storageKey(name))
    return text === null ? empty : (JSON.parse(text) as T)
  } catch {
    return empty // blocked or damaged storage: drafts live as long as the page
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(storageKey(name), JSON.stringify(value))
  } catch {
    // see read
  }
}

export function loadDraft(conversation: string): Draft {
  return read<[string, Draft][]>('drafts', []).find(([id]) => id === conversation)?.[1] ?? { text: '', mode: 'reply' }
}

export function saveDraft(conversation: string, draft: Draft): void {
  const others = read<[string, Draft][]>('drafts', []).filter(([id]) => id !== conversation)
  const all: [string, Draft][] = draft.text.trim() === '' && !draft.base ? others : [...others, [conversation, draft]]
  write('drafts', all.slice(-kept))
}

/**
 * The unsent messages of the person signed in now. Each has a key of its own, so that two tabs do not overwrite each
 * other's; a tab removes only what it stored or loaded itself.
 */
export function outboxStorage() {
  const prefix = `${storageKey('outbox')}.`
  const stored = new Map<string, string>()
  return {
    load: (): OutboxItem[] => {
      const items: (OutboxItem & { order: number })[] = []
      for (const key of storedKeys(prefix)) {
        try {
          items.push(JSON.parse(localStorage.getItem(key) ?? '') as OutboxItem & { order: number })
          stored.set(key, '')
        } catch {
          localStorage.removeItem(key) // damaged
        }
      }
      return items.sort((a, b) => a.order - b.order).map(({ order: _, ...item }) => item)
    },
    save: (items: OutboxItem[]): void => {
      const now = new Set<string>()
      try {
        for (const [order, item] of items.entries()) {
          const text = JSON.stringify({ ...item, order })
          now.add(prefix + item.key)
          if (stored.get(prefix + item.key) !== text) localStorage.setItem(prefix + item.key, text)
          stored.set(prefix + item.key, text)
        }
        for (const key of [...stored.keys()].filter((k) => !now.has(k))) {
          localStorage.removeItem(key)
          stored.delete(key)
        }
      } catch {
        // see read
      }
    },
  }
}

function storedKeys(prefix: string): string[] {
  try {
    return Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i) ?? '').filter((k) => k.startsWith(prefix))
  } catch {
    return []
  }
}

/** Texts do not stay behind for the next person at this browser. */
export function forgetDrafts(): void {
  try {
    localStorage.removeItem(storageKey('drafts'))
    for (const key of storedKeys(`${storageKey('outbox')}.`)) localStorage.removeItem(key)
  } catch {
    // nothing was stored
  }
}

import { me } from '../session/model.ts'
import type { OutboxItem } from './model.ts'

export interface Draft {
  text: string
  mode: OutboxItem['mode']
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
  const all: [string, Draft][] = draft.text.trim() === '' ? others : [...others, [conversation, draft]]
  write('drafts', all.slice(-kept))
}

export const outboxStorage = {
  load: (): OutboxItem[] => read<OutboxItem[]>('outbox', []),
  save: (items: OutboxItem[]): void => write('outbox', items),
}

/** Texts do not stay behind for the next person at this browser. */
export function forgetDrafts(): void {
  try {
    localStorage.removeItem(storageKey('drafts'))
    localStorage.removeItem(storageKey('outbox'))
  } catch {
    // nothing was stored
  }
}

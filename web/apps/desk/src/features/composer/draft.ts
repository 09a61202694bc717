import { useEventListener } from '@vueuse/core'
import { Problem } from '@yingda/shared/api'
import { onBeforeUnmount, ref, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { server } from '../../server.ts'
import { loadDraft, saveDraft } from '../conversations/drafts.ts'
import { known, patchConversation } from '../conversations/feed.ts'
import type { Part, Schemas } from '../conversations/shapes.ts'

type Kept = Omit<Schemas['Draft'], 'parts'> & { parts?: Part[] }

interface Files {
  parts: Readonly<Ref<Part[]>>
  put: (parts: Part[]) => void
  clear: () => void
}

const pause = 800
const retryAfter = 15_000
const longest = 10_000

/** What a draft says, to be compared. */
function printOf(text: string, parts: Part[] = []): string {
  return text.trim() === '' && parts.length === 0 ? '' : [text, ...parts.map((p) => p.media?.id)].join('\n')
}

/**
 * What is being written in a conversation: kept in this browser at once, and at the server a moment later, so that it
 * is there in the next browser. What was written in two places is never mixed and never lost: newer holds the other one
 * until the person says which it is to be.
 */
export function useDraft(conversation: MaybeRefOrGetter<string>, files: Files) {
  const id = toValue(conversation)
  const path = `/conversations/${id}/draft`
  const local = loadDraft(id)
  const text = ref(local.text)
  const mode = ref(local.mode)
  const newer = shallowRef<Kept | null>(null)
  /** The server's draft on which this one is made, and what it said. */
  let base: { kind: Kept['kind']; revision: number; print: string } | undefined = local.base && { kind: local.base.kind, revision: local.base.revision, print: local.base.clean ? printOf(local.text) : '\0' }
  /** The kinds that are ours at the server: the words move when the kind changes. */
  const ours = new Set(base ? [base.kind] : [])
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  let closed = false

  const print = (): string => printOf(text.value, files.parts.value)
  const untouched = (): boolean => print() === '' || print() === base?.print

  function keep(): void {
    saveDraft(id, { text: text.value, mode: mode.value, ...(base ? { base: { kind: base.kind, revision: base.revision, clean: print() === base.print } } : {}) })
  }

  function later(wait = pause): void {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(() => void push(), wait)
  }

  function standOn(theirs: Kept, said = printOf(theirs.text ?? '', theirs.parts)): void {
    base = { kind: theirs.kind, revision: theirs.revision, print: said }
    ours.add(theirs.kind)
  }

  function replace(by: Kept | null): void {
    text.value = by?.text ?? ''
    mode.value = by?.kind ?? 'reply'
    files.clear()
    files.put(by?.parts ?? [])
  }

  /** Looks what the server has; of two drafts, the one of the wanted kind or the newer. */
  async function look(kind = base?.kind): Promise<void> {
    const { items } = await server.get<{ items: Kept[] }>(path)
    if (closed) return
    const theirs = items.find((d) => d.kind === kind) ?? items.sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at))[0]
    if (!theirs) {
      // Sent or dropped elsewhere: it must not be sent twice.
      if (base && untouched()) replace(null)
      base = undefined
    } else if (base && theirs.kind === base.kind && theirs.revision === base.revision) {
      const same = text.value === (theirs.text ?? '')
      if (same && files.parts.value.length === 0 && theirs.parts) files.put(theirs.parts)
      if (same) standOn(theirs)
    } else if (print() === printOf(theirs.text ?? '', theirs.parts)) standOn(theirs)
    else if (untouched()) {
      standOn(theirs)
      replace(theirs)
    } else newer.value = theirs
    keep()
  }

  /** Tries to look; without a network it is looked again when the window is. */
  async function lookAgain(): Promise<void> {
    if (busy || newer.value) return
    busy = true
    try {
      await look()
    } catch {
      return
    } finally {
      busy = false
    }
    if (print() !== (base?.print ?? '')) later()
  }

  async function drop(kinds: Iterable<Kept['kind']>): Promise<void> {
    for (const kind of [...kinds]) {
      await server.command('DELETE', `${path}?kind=${kind}`)
      ours.delete(kind)
    }
  }

  async function push(): Promise<void> {
    clearTimeout(timer)
    const said = print()
    const kind = mode.value
    const moved = base !== undefined && said !== '' && base.kind !== kind
    if (newer.value || (said === (base?.print ?? '') && !moved) || text.value.length > longest) return
    if (busy) return later()
    busy = true
    try {
      if (said === '') {
        await drop(ours)
        base = undefined
      } else {
        const parts = files.parts.value.map(({ type, media: { id, url = '', name, mime, size, width, height, thumbnail_url } = { url: '' } }) => ({ type, media: { id, url, name, mime, size, width, height, thumbnail_url } }))
        const saved = await server.command<Kept>('PUT', path, { kind, text: text.value, ...(parts.length > 0 ? { parts } : {}), revision: base?.kind === kind ? base.revision : 0 })
        standOn(saved, said)
        await drop([...ours].filter((k) => k !== kind))
      }
      keep()
      const row = known(id)
      if (row && (row.draft ?? false) !== (said !== '')) patchConversation({ ...row, draft: said !== '' })
      if (print() !== said) later()
    } catch (error) {
      const conflict = error instanceof Problem && error.kind === 'conflict'
      if (conflict) await look(kind).catch(() => undefined)
      // It is kept in this browser meanwhile. A refusal that stands would stand again.
      if (conflict || (error instanceof Problem && error.temporary)) later(conflict ? pause : retryAfter)
    } finally {
      busy = false
    }
  }

  function takeNewer(theirs: boolean): void {
    const other = newer.value
    newer.value = null
    if (!other) return
    standOn(other)
    if (theirs) replace(other)
    keep()
    later()
  }

  watch([text, mode, files.parts], () => {
    keep()
    later()
  })
  useEventListener(document, 'visibilitychange', () => void (document.visibilityState === 'visible' ? lookAgain() : push()))
  useEventListener(window, 'focus', () => void lookAgain())
  void lookAgain()
  onBeforeUnmount(() => {
    void push()
    closed = true
    clearTimeout(timer)
  })

  return { text, mode, newer, takeNewer, push }
}

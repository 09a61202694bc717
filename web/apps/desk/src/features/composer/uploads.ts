import { newKey, Problem } from '@yingda/shared/api'
import { computed, onBeforeUnmount, shallowRef } from 'vue'
import { server } from '../../server.ts'
import { explain } from '../../shell/explain.ts'
import type { Media, Part } from '../conversations/shapes.ts'

export interface Upload {
  key: string
  name: string
  size: number
  kind: 'image' | 'audio' | 'video' | 'file'
  /** A picture of this browser, to look at while it goes up. */
  preview: string
  /** Between 0 and 1. */
  progress: number
  state: 'going' | 'done' | 'failed'
  /** A sentence for a person when it failed. */
  reason?: string
  media?: Media & { kind?: string }
}

/** As many as one message takes beside its words. */
export const mostFiles = 10

export function kindOf(mime: string): Upload['kind'] {
  const kind = mime.split('/')[0]
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file'
}

/** The files of a message that is being written: each goes up at once, and is sent with the message. */
export function useUploads(explainTooMany: () => void) {
  const uploads = shallowRef<Upload[]>([])
  const controls = new Map<string, { abort: AbortController; file: File }>()

  function change(key: string, fields: Partial<Upload>): void {
    uploads.value = uploads.value.map((u) => (u.key === key ? { ...u, ...fields } : u))
  }

  function add(files: Iterable<File>): void {
    for (const file of files) {
      if (uploads.value.length >= mostFiles) return explainTooMany()
      const key = newKey()
      const kind = kindOf(file.type)
      const name = file.name || `${kind}.${file.type.split('/')[1] ?? 'bin'}`
      uploads.value = [...uploads.value, { key, name, size: file.size, kind, preview: kind === 'image' ? URL.createObjectURL(file) : '', progress: 0, state: 'going' }]
      controls.set(key, { abort: new AbortController(), file })
      void go(key)
    }
  }

  async function go(key: string): Promise<void> {
    const control = controls.get(key)
    const upload = uploads.value.find((u) => u.key === key)
    if (!control || !upload) return
    change(key, { state: 'going', progress: 0 })
    try {
      const media = await server.upload<Media & { kind?: Upload['kind'] }>('/attachments', control.file, {
        name: upload.name,
        key,
        signal: control.abort.signal,
        progress: (progress) => change(key, { progress }),
      })
      change(key, { state: 'done', progress: 1, media, ...(media.kind ? { kind: media.kind } : {}) })
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return
      // The server's sentence about a file tells more than its kind does.
      const own = error instanceof Problem && (error.status === 413 || error.status === 415 || error.status === 429)
      change(key, { state: 'failed', reason: own ? String(error.status) : explain(error) })
    }
  }

  function remove(key: string): void {
    controls.get(key)?.abort.abort()
    controls.delete(key)
    const gone = uploads.value.find((u) => u.key === key)
    if (gone?.preview.startsWith('blob:')) URL.revokeObjectURL(gone.preview)
    uploads.value = uploads.value.filter((u) => u.key !== key)
  }

  /** Files that a draft brings: they are up already. Returns the keys of those that there was room for. */
  function put(parts: Part[], state: Upload['state'] = 'done'): string[] {
    const more = parts
      .filter((p) => p.media?.id)
      .slice(0, mostFiles - uploads.value.length)
      .map((p): Upload => ({
        key: newKey(),
        name: p.media?.name ?? '',
        size: p.media?.size ?? 0,
        kind: p.type === 'image' || p.type === 'audio' || p.type === 'video' ? p.type : 'file',
        preview: p.type === 'image' ? (p.media?.thumbnail_url ?? p.media?.url ?? '') : '',
        progress: 1,
        state,
        media: p.media!,
      }))
    uploads.value = [...uploads.value, ...more]
    return more.map((u) => u.key)
  }

  /**
   * Files of a canned reply: each is used once, so the message gets copies of its own. They are in the tray from the
   * beginning, so that the message waits for them.
   */
  async function putCopies(parts: Part[]): Promise<void> {
    const kept = parts.filter((p) => p.media?.id)
    const keys = put(kept, 'going')
    await Promise.all(
      keys.map(async (key, i) => {
        const media = kept[i]!.media!
        try {
          change(key, { state: 'done', media: { ...media, ...(await server.command<Media>('POST', `/attachments/${media.id}/copy`, {})) } })
        } catch (error) {
          change(key, { state: 'failed', reason: explain(error) })
        }
      }),
    )
  }

  function clear(): void {
    for (const u of uploads.value) controls.delete(u.key)
    uploads.value = []
  }

  const parts = computed(() => uploads.value.flatMap((u): Part[] => (u.state === 'done' && u.media ? [{ type: u.kind, media: u.media }] : [])))
  const going = computed(() => uploads.value.some((u) => u.state === 'going'))

  onBeforeUnmount(() => {
    for (const control of controls.values()) control.abort.abort()
  })

  return { uploads, add, retry: (key: string) => void go(key), remove, put, putCopies, clear, parts, going }
}

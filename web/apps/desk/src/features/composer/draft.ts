import { ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { loadDraft, saveDraft } from '../conversations/drafts.ts'

/** What is being written in a conversation: kept in this browser at once. */
export function useDraft(conversation: MaybeRefOrGetter<string>) {
  const id = toValue(conversation)
  const kept = loadDraft(id)
  const text = ref(kept.text)
  const mode = ref(kept.mode)
  const newer = ref(false)

  watch([text, mode], () => saveDraft(id, { text: text.value, mode: mode.value }))

  return { text, mode, newer, takeNewer: (_: boolean): void => void (newer.value = false) }
}

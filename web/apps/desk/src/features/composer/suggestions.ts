import { queries } from '../../server.ts'
import { contactKeys, type Profile } from '../context/api.ts'
import { computed, nextTick, ref, watch, type Ref } from 'vue'
import type { Conversation, Part } from '../conversations/shapes.ts'
import { useAgents } from '../people/api.ts'
import { me } from '../session/model.ts'
import { filled, textOf, useCanned, type Canned } from './canned.ts'
import type { Edit } from './editing.ts'
import type { Choice } from './parts/SuggestList.vue'
import { askedAt, meant, ranked, type Asked } from './suggest.ts'

/** What the list above the text box offers while something is asked for, and what choosing does. */
export function useSuggestions(conversation: () => Conversation, note: Ref<boolean>, use: (edit: Edit, files: Part[]) => void) {
  const asked = ref<Asked | null>(null)
  const wanted = ref(false)
  const at = ref(0)
  const canned = useCanned(wanted)
  const { data: agents } = useAgents()

  const replies = computed<Canned[]>(() => (asked.value?.kind === 'canned' ? canned.find(asked.value.words) : []))
  const people = computed(() => {
    if (asked.value?.kind !== 'mention') return []
    const { words } = asked.value
    return ranked(
      (agents.value ?? []).filter((a) => !a.disabled && a.id !== me()),
      (a) => meant(words, a.name, (a as { initials?: string }).initials, [a.email]),
    )
  })
  const choices = computed<Choice[]>(() => {
    if (asked.value?.kind === 'mention') return people.value.map((a) => ({ id: a.id, title: a.name, hint: a.email, icon: 'i-lucide-at-sign' }))
    return replies.value.map((c) => ({
      id: c.id,
      title: c.title,
      hint: `/${c.shortcut}`,
      text: textOf(c).replace(/\s+/g, ' '),
      ...(c.parts.some((p) => p.media) ? { icon: 'i-lucide-paperclip' } : {}),
    }))
  })
  watch(choices, () => (at.value = 0))

  /** Looks what is asked for at the cursor. */
  function look(box: HTMLTextAreaElement | null): void {
    if (!box || box.selectionStart !== box.selectionEnd) return close()
    asked.value = askedAt(box.value, box.selectionStart, note.value)
    if (asked.value?.kind === 'canned') wanted.value = true
  }

  function close(): void {
    asked.value = null
  }

  function move(step: 1 | -1): void {
    const count = choices.value.length
    if (count > 0) at.value = (at.value + step + count) % count
  }

  function take(): void {
    const sign = asked.value
    if (!sign) return
    let text = ''
    let files: Part[] = []
    if (sign.kind === 'mention') {
      const person = people.value[at.value]
      if (!person) return
      text = `@${person.name} `
    } else {
      const reply = replies.value[at.value]
      if (!reply) return
      ;({ text, files } = filled(reply, conversation(), queries.getQueryData<Profile>(contactKeys.one(conversation().contact.id))?.attributes))
    }
    close()
    const end = sign.from + text.length
    use({ from: sign.from, to: sign.to, text, start: end, end }, files)
    // What was put in is not looked at as if it had been typed.
    void nextTick(close)
  }

  return { choices, at, asked, look, move, take, close }
}

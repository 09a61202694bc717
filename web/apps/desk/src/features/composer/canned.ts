import { useQuery } from '@tanstack/vue-query'
import type { Page } from '@yingda/shared/api'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { server } from '../../server.ts'
import type { Conversation, Part, Schemas } from '../conversations/shapes.ts'
import { toolboxKeys } from '../conversations/toolbox.ts'
import { session } from '../session/model.ts'
import { meant, ranked } from './suggest.ts'
import { fill, type Values } from './template.ts'

export type Canned = Omit<Schemas['CannedReply'], 'parts'> & { parts: Part[] }

/** The replies that are kept ready. Read when they are first asked for; the feed tells when they change. */
export function useCanned(wanted: MaybeRefOrGetter<boolean>) {
  const query = useQuery({
    queryKey: toolboxKeys.canned,
    queryFn: async () => (await server.get<Page<Canned>>('/canned-replies')).items,
    enabled: () => toValue(wanted),
    staleTime: 5 * 60_000,
  })
  const find = (words: string): Canned[] => ranked(query.data.value ?? [], (c) => meant(words, c.shortcut, c.initials, [c.title, textOf(c)]))
  return { find, pending: computed(() => query.isPending.value) }
}

export function textOf(canned: Canned): string {
  return canned.parts.map((p) => p.text ?? '').join('\n').trim()
}

export function valuesOf(c: Conversation, attributes: Record<string, string> = {}): Values {
  const contact = c.contact
  return {
    contact: { ...attributes, name: contact.name ?? '', email: contact.email ?? '', phone: contact.phone ?? '' },
    agent: { name: session.value?.agent.name ?? '' },
    account: { name: session.value?.account.name ?? '' },
    conversation: { id: c.id },
  }
}

/** What a canned reply says in this conversation: its words, and the files that go with it. */
export function filled(canned: Canned, c: Conversation, attributes?: Record<string, string>): { text: string; files: Part[] } {
  return { text: fill(textOf(canned), valuesOf(c, attributes)), files: canned.parts.filter((p) => p.media?.id) }
}

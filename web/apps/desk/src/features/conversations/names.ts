import type { Author, Contact } from '@yingda/shared/api'
import { useI18n } from 'vue-i18n'
import { useNames } from '../people/api.ts'
import { me } from '../session/model.ts'

/** What people and things are called on screen. */
export function useCalled() {
  const { t } = useI18n()
  const names = useNames()

  /** An anonymous contact gets a short code, so two of them can be told apart. */
  function contact(c: Contact | undefined): string {
    return c?.name?.trim() || t('contact.anonymous', { code: (c?.id ?? '').slice(-4).toUpperCase() })
  }

  function author(a: Author | undefined, c?: Contact): string {
    switch (a?.kind) {
      case 'visitor':
        return contact(c ?? { id: a.id ?? '', name: a.name ?? '' })
      case 'agent':
        return a.id === me() ? t('thread.you') : a.name || names.agent(a.id) || t('activity.someone')
      case 'bot':
        return a.name || t('thread.bot')
      case 'system':
        return t('thread.system')
      default:
        return t('activity.someone')
    }
  }

  return { contact, author, agent: names.agent, team: names.team, inbox: names.inbox }
}

import type { DropdownMenuItem } from '@nuxt/ui'
import { momentLabel } from '@yingda/shared/i18n'
import { useI18n } from 'vue-i18n'
import { useNow } from '../../shell/useNow.ts'
import { useAgents, useTeams } from '../people/api.ts'
import { me } from '../session/model.ts'
import { snoozeChoices } from './model.ts'
import { labelFill, useLabels } from './toolbox.ts'

/** The menus of what can be done with one conversation or with many. */
export function useMenus() {
  const { t, locale } = useI18n()
  const now = useNow()
  const { data: agents } = useAgents()
  const { data: teams } = useTeams()
  const { labels } = useLabels()

  function snooze(put: (until: string) => void): DropdownMenuItem[] {
    return snoozeChoices(new Date(now.value)).map(({ name, at }) => ({
      label: `${t(`snooze.${name}`)} · ${momentLabel(locale.value, at.toISOString(), now.value)}`,
      onSelect: () => put(at.toISOString()),
    }))
  }

  /** current tells who has it now, when it is one conversation. */
  function assign(give: (agent: string, team: string) => void, current?: { agent: string; team: string }): DropdownMenuItem[][] {
    const people = (agents.value ?? [])
      .filter((a) => !a.disabled)
      .sort((a, b) => Number(b.id === me()) - Number(a.id === me()))
      .map((a) => ({
        label: a.id === me() ? t('action.self', { name: a.name }) : a.name,
        ...(current ? { type: 'checkbox' as const, checked: a.id === current.agent } : {}),
        onSelect: () => give(a.id, current?.team ?? ''),
      }))
    const groups: DropdownMenuItem[][] = [[{ label: t('action.people'), type: 'label' }, ...people]]
    if (teams.value?.length) {
      groups.push([
        { label: t('action.teams'), type: 'label' },
        ...teams.value.map((g) => ({
          label: g.name,
          ...(current ? { type: 'checkbox' as const, checked: g.id === current.team } : {}),
          onSelect: () => give(current?.agent ?? '', g.id),
        })),
      ])
    }
    if (!current || current.agent || current.team) groups.push([{ label: t('action.unassign'), icon: 'i-lucide-user-round-x', onSelect: () => give('', '') }])
    return groups
  }

  /** on holds the labels it has. */
  function label(toggle: (id: string, on: boolean) => void, on: readonly string[]): DropdownMenuItem[] {
    return labels.value.map((l) => ({
      label: l.name,
      type: 'checkbox' as const,
      checked: on.includes(l.id),
      ui: { itemLabel: `before:me-2 before:inline-block before:size-2 before:rounded-full before:${labelFill(l.color)}` },
      onUpdateChecked: (now: boolean) => toggle(l.id, now),
      onSelect: (event: Event) => event.preventDefault(),
    }))
  }

  return { snooze, assign, label, labels }
}

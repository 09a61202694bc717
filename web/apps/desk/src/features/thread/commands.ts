import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { momentLabel } from '@yingda/shared/i18n'
import { provideCommands, type Command } from '../commands/registry.ts'
import { useActions } from '../conversations/actions.ts'
import { snoozeChoices } from '../conversations/model.ts'
import type { Conversation } from '../conversations/shapes.ts'
import { useLabels } from '../conversations/toolbox.ts'
import { useAgents, useTeams } from '../people/api.ts'
import { me } from '../session/model.ts'
import { useGiveBack } from './giveBack.ts'
import { useLabelling } from './labelling.ts'

/** What can be done with the open conversation, by name. */
export function useThreadCommands(conversation: Ref<Conversation | undefined>, focus: (as: 'reply' | 'note') => void): void {
  const { t, locale } = useI18n()
  const { run } = useActions()
  const { data: agents } = useAgents()
  const { data: teams } = useTeams()
  const { labels } = useLabels()
  const { set } = useLabelling(() => conversation.value!)

  const givesBack = useGiveBack(conversation)
  const all = computed<Command[]>(() => {
    const c = conversation.value
    if (!c) return []
    const command = (id: string, title: string, icon: string, act: () => void, more: Partial<Command> = {}): Command => ({ id: `thread-${id}`, group: 'conversation', title, icon, run: act, ...more })
    const live = c.status !== 'resolved'
    return [
      command('reply', t('composer.reply'), 'i-lucide-reply', () => focus('reply'), { keys: ['R'], words: ['reply', 'hf'] }),
      command('note', t('composer.note'), 'i-lucide-lock', () => focus('note'), { keys: ['N'], words: ['note', 'bz'] }),
      ...(live && !c.assignee_id ? [command('claim', t('action.claim'), 'i-lucide-hand', () => void run(c, { name: 'claim' }), { keys: ['C'], words: ['claim', 'lq'] })] : []),
      live
        ? command('resolve', t('action.resolve'), 'i-lucide-check', () => void run(c, { name: 'resolve' }), { keys: ['E'], words: ['resolve', 'jj'] })
        : command('reopen', t('action.reopen'), 'i-lucide-rotate-ccw', () => void run(c, { name: 'reopen' }), { keys: ['E'], words: ['reopen', 'cxdk'] }),
      ...(givesBack.value ? [command('give-to-bot', t('action.giveToBot'), 'i-lucide-bot', () => void run(c, { name: 'give-to-bot' }), { words: ['bot', 'jqr'] })] : []),
      ...(live
        ? snoozeChoices(new Date()).map(({ name, at }) =>
            command(`snooze-${name}`, `${t('action.snooze')} · ${t(`snooze.${name}`)} ${momentLabel(locale.value, at.toISOString(), Date.now())}`, 'i-lucide-alarm-clock', () => void run(c, { name: 'snooze', until: at.toISOString() }), { quiet: true, words: ['snooze', 'tc'] }),
          )
        : []),
      ...(agents.value ?? [])
        .filter((a) => !a.disabled && a.id !== c.assignee_id)
        .map((a) =>
          command(`assign-${a.id}`, `${t('action.assign')} · ${a.id === me() ? t('action.self', { name: a.name }) : a.name}`, 'i-lucide-user-round-plus', () => void run(c, { name: 'assign', agent_id: a.id, team_id: c.team_id ?? '' }), {
            quiet: true,
            words: [a.name, (a as { initials?: string }).initials ?? '', 'assign', 'fp'].filter(Boolean),
          }),
        ),
      ...(teams.value ?? [])
        .filter((g) => g.id !== c.team_id)
        .map((g) => command(`team-${g.id}`, `${t('action.assign')} · ${g.name}`, 'i-lucide-users-round', () => void run(c, { name: 'assign', agent_id: c.assignee_id ?? '', team_id: g.id }), { quiet: true, words: [g.name, 'assign', 'team'] })),
      ...labels.value.map((l) => {
        const on = (c.label_ids ?? []).includes(l.id)
        return command(`label-${l.id}`, on ? t('label.off', { name: l.name }) : t('label.on', { name: l.name }), 'i-lucide-tag', () => void set(l.id, !on), { quiet: true, words: [l.name, 'label', 'bq'] })
      }),
    ]
  })
  provideCommands(() => all.value)
}

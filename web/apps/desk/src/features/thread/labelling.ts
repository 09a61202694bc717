import { useToast } from '@nuxt/ui/composables'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { explain } from '../../shell/explain.ts'
import { changeLabels } from '../conversations/api.ts'
import { useMenus } from '../conversations/menus.ts'
import type { Conversation } from '../conversations/shapes.ts'

/** Puts labels on a conversation and takes them off. Two people may do so at once: each change is its own. */
export function useLabelling(conversation: MaybeRefOrGetter<Conversation>) {
  const { t } = useI18n()
  const toast = useToast()
  const menus = useMenus()

  async function set(label: string, on: boolean): Promise<void> {
    try {
      await changeLabels(toValue(conversation), on ? [label] : [], on ? [] : [label])
    } catch (error) {
      toast.add({ title: t('error.failedTo'), description: explain(error), icon: 'i-lucide-circle-alert', color: 'error' })
    }
  }

  const items = computed(() => menus.label((id, on) => void set(id, on), toValue(conversation).label_ids ?? []))
  return { items, set }
}

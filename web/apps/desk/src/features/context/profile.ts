import { useToast } from '@nuxt/ui/composables'
import { Problem } from '@yingda/shared/api'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { explain } from '../../shell/explain.ts'
import { changeProfile, type Profile, type ProfileChange } from './api.ts'

/** Saves fields of a profile and tells what became of it. Nobody's change is overwritten unseen. */
export function useProfileEditing(profile: MaybeRefOrGetter<Profile | undefined>) {
  const { t } = useI18n()
  const toast = useToast()

  async function save(change: ProfileChange): Promise<boolean> {
    const before = toValue(profile)
    if (!before) return false
    try {
      await changeProfile(before, change)
      return true
    } catch (error) {
      const conflict = error instanceof Problem && error.kind === 'conflict'
      toast.add({
        title: conflict ? t('contact.conflict') : t('error.failedTo'),
        description: conflict ? t('contact.conflictHint') : explain(error),
        icon: conflict ? 'i-lucide-users-round' : 'i-lucide-circle-alert',
        color: conflict ? 'warning' : 'error',
        duration: conflict ? 8000 : 5000,
      })
      return false
    }
  }

  return { save }
}

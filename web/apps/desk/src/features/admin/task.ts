import { Problem } from '@yingda/shared/api'
import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { explain } from '../../shell/explain.ts'

/** One piece of work with the server: whether it runs, and what went wrong, in words and by field. */
export function useTask() {
  const { t } = useI18n()
  const busy = ref(false)
  const problem = shallowRef<unknown>(null)
  const field = computed(() => (problem.value instanceof Problem && problem.value.kind === 'invalid' ? problem.value.field : ''))

  /** Runs it unless it runs already. Undefined when it failed. */
  async function run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    problem.value = null
    try {
      return await work()
    } catch (error) {
      problem.value = error
      return undefined
    } finally {
      busy.value = false
    }
  }

  return {
    busy,
    problem,
    run,
    /** The sentence for the whole form; empty when all is well or a field says it. */
    message: computed(() => (problem.value ? explain(problem.value) : '')),
    /** The sentence for one field. */
    fieldError: (name: string): string | undefined => (field.value === name && problem.value ? `${t('settings.fieldRefused')} ${explain(problem.value)}` : undefined),
    conflict: computed(() => problem.value instanceof Problem && problem.value.kind === 'conflict'),
  }
}

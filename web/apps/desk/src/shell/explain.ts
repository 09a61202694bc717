import { Problem } from '@yingda/shared/api'
import { languages } from '../i18n/index.ts'

/** A sentence for a person about what went wrong. The server's own sentence wins where it says more than the kind. */
export function explain(problem: unknown): string {
  const t = languages.global.t
  if (!(problem instanceof Problem)) return t('error.internal')
  // The server's sentences are English; in other languages the kind is translated instead.
  const own = (problem.kind === 'invalid' || problem.kind === 'conflict') && languages.global.locale.value === 'en'
  return own && problem.detail ? problem.detail : t(`error.${problem.kind}`)
}

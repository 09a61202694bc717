import { Problem, type ProblemKind } from '@yingda/shared/api'
import { shallowRef } from 'vue'
import { languages } from '../i18n/index.ts'

/** Kinds whose detail says what to change; of the others the kind says it all. */
const telling = new Set<ProblemKind>(['invalid', 'conflict', 'limited'])

/** The server's sentences in Chinese: read at the first need, or when the browser has nothing else to do. */
const chinese = shallowRef<Record<string, string>>()
let asked = false

export function learnSentences(): void {
  if (asked || languages.global.locale.value === 'en') return
  asked = true
  import('../i18n/zh-CN/sentences.ts').then(
    (all) => (chinese.value = all.sentences),
    () => (asked = false),
  )
}

/** A sentence for a person about what went wrong. The server's own sentence wins where it says more than the kind. */
export function explain(problem: unknown): string {
  const t = languages.global.t
  if (!(problem instanceof Problem)) return t('error.internal')
  const kind = t(`error.${problem.kind}`)
  if (!problem.detail || !telling.has(problem.kind)) return kind
  const length = /^expected length ([<>])= (\d+)/.exec(problem.detail)
  if (length) return t(length[1] === '<' ? 'error.long' : 'error.short', { n: Number(length[2]) })
  if (languages.global.locale.value === 'en') return problem.detail.replace(/^[a-z]/, (first) => first.toUpperCase()).replace(/[^.?!]$/, '$&.')
  learnSentences()
  return inChinese(problem.detail) ?? t('error.said', { kind, detail: problem.detail })
}

/** What the server said, in Chinese; a name after a colon stays as it is. */
function inChinese(detail: string): string | undefined {
  const whole = chinese.value?.[detail]
  if (whole) return whole
  const cut = detail.indexOf(': ') + 2
  const head = cut > 1 ? chinese.value?.[detail.slice(0, cut)] : undefined
  return head && head + detail.slice(cut)
}

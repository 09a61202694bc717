import type { TopicFigures } from './api.ts'

/** One point of the curve: from this confidence on it is answered automatically. */
export interface Point {
  at: number
  /** The part of the questions that is answered. */
  coverage: number
  /** The part of the answers, of those that are known, that was wrong; null where nothing is known. */
  risk: number | null
  answered: number
  known: number
}

/** Adds up the topics, bin by bin. */
export function total(topics: TopicFigures[]): { asked: number; good: number; bad: number }[] {
  const bins = topics[0]?.bins.length ?? 50
  return Array.from({ length: bins }, (_, i) =>
    topics.reduce((sum, t) => ({ asked: sum.asked + (t.bins[i]?.asked ?? 0), good: sum.good + (t.bins[i]?.good ?? 0), bad: sum.bad + (t.bins[i]?.bad ?? 0) }), { asked: 0, good: 0, bad: 0 }),
  )
}

/** What each threshold would have done. */
export function curve(topics: TopicFigures[]): Point[] {
  const bins = total(topics)
  const all = bins.reduce((n, b) => n + b.asked, 0)
  let asked = 0
  let good = 0
  let bad = 0
  return bins
    .map((b, i) => ({ b, at: i / bins.length }))
    .reverse()
    .map(({ b, at }) => {
      asked += b.asked
      good += b.good
      bad += b.bad
      return { at, coverage: all ? asked / all : 0, risk: good + bad ? bad / (good + bad) : null, answered: asked, known: good + bad }
    })
    .reverse()
}

/** What two thresholds would have done to the questions of a topic. */
export function outcome(topics: TopicFigures[], answerAt: number, reviewAt: number): { answered: number; reviewed: number; handed: number; wrong: number; known: number } {
  const out = { answered: 0, reviewed: 0, handed: 0, wrong: 0, known: 0 }
  const bins = total(topics)
  bins.forEach((b, i) => {
    // A bin belongs to the side on which its lower edge is.
    const at = i / bins.length + 1e-9
    if (at >= answerAt - 1e-6) {
      out.answered += b.asked
      out.wrong += b.bad
      out.known += b.good + b.bad
    } else if (at >= reviewAt - 1e-6) out.reviewed += b.asked
    else out.handed += b.asked
  })
  return out
}

/** What each of some thresholds would have done, the strict ones first. */
export function table(topics: TopicFigures[], steps: number[]): Point[] {
  const points = curve(topics)
  return steps.flatMap((at) => points.find((p) => p.at >= at - 1e-6) ?? [])
}

/** How sure the bot was on average of what it answers by itself, and what was found when people looked again. */
export function beliefs(topic: TopicFigures, answerAt: number): { asked: number; answered: number; sure: number | null; checked: number; wrong: number } {
  let asked = 0
  let answered = 0
  let sum = 0
  topic.bins.forEach((b, i) => {
    const at = i / topic.bins.length
    asked += b.asked
    if (at + 1e-9 < answerAt - 1e-6) return
    answered += b.asked
    sum += b.asked * (at + 0.5 / topic.bins.length)
  })
  return { asked, answered, sure: answered ? sum / answered : null, checked: topic.checked, wrong: topic.wrong }
}

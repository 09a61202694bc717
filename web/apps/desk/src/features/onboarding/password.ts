/** The server's rule: at least eight characters. */
export const passwordMinimum = 8

/** How hard a password is to guess, for advice only: 0 too short, 1 weak, 2 fair, 3 good. */
export function strength(password: string): 0 | 1 | 2 | 3 {
  const runes = Array.from(password)
  if (runes.length < passwordMinimum) return 0
  const distinct = new Set(runes).size
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length
  const walks = /(?:0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf|password|yingda)/i.test(password)
  const score = Math.min(distinct, 12) + Math.min(runes.length, 24) / 2 + kinds * 2 - (walks ? 10 : 0)
  return score < 13 ? 1 : score < 22 ? 2 : 3
}

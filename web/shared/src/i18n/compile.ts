/**
 * Texts to functions, for vue-i18n's runtime: its own compiler knows a language of which the catalogues use two things, and weighs more than all of them.
 *
 * {name} stands for a value, {'…'} for braces themselves. A bar parts forms by number: "one conversation | {n} conversations"; the values n
 * or count choose, or a number given with the key.
 * Nothing else means anything: @ and # are letters.
 */
import type { MessageCompiler, MessageContext } from 'vue-i18n'

type Part = string | { name: string }

function parse(form: string): Part[] {
  return form.split(/(\{\s*(?:\w+|'[^']*')\s*\})/).map((piece): Part => {
    const inside = /^\{\s*(?:(\w+)|'([^']*)')\s*\}$/.exec(piece)
    if (!inside) return piece
    return inside[1] === undefined ? (inside[2] ?? '') : { name: inside[1] }
  })
}

export const compileText: MessageCompiler = (message) => {
  const forms = String(message).split(/\s*\|\s*/).map(parse)
  const speak = (context: MessageContext, parts: Part[]): string =>
    parts.map((part) => (typeof part === 'string' ? part : String(context.named(part.name) ?? ''))).join('')
  const compiled = (context: MessageContext): string =>
    forms.length > 1 ? String(context.plural(forms.map((parts) => speak(context, parts)))) : speak(context, forms[0] ?? [])
  return compiled as ReturnType<MessageCompiler>
}

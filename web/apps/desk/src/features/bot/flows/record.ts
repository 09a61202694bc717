/** One line of a test dialogue, as the debugger records it. */
export interface Spoken {
  kind: 'user' | 'bot' | 'call' | 'handoff' | 'end'
  text: string
  /** What a call gave. */
  gives?: { status?: number; body?: unknown; failure?: string }
}

/** A scalar that YAML reads back as it is: JSON strings are YAML. */
const scalar = (s: string): string => JSON.stringify(s)

const short = (s: string): string => {
  const line = s.split('\n').find((l) => l.trim() !== '') ?? ''
  return [...line.trim()].slice(0, 40).join('')
}

/** The dialogue as an entry of the file's tests. */
export function testOf(name: string, talk: Spoken[]): string {
  const lines = [`  - name: ${scalar(name)}`, '    talk:']
  for (const s of talk) {
    if (s.kind === 'end') lines.push('      - end: true')
    else lines.push(`      - ${s.kind}: ${scalar(s.kind === 'bot' ? short(s.text) : s.text)}`)
    if (s.kind === 'call') lines.push(`        gives: ${JSON.stringify(s.gives ?? { status: 200 })}`)
  }
  return lines.join('\n') + '\n'
}

/** The file with the entry at the end of its tests. */
export function withTest(source: string, entry: string): string {
  const lines = source.replace(/\s+$/, '').split('\n')
  const at = lines.findIndex((l) => /^tests:\s*(#.*)?$/.test(l))
  if (at < 0) return [...lines, '', 'tests:', entry].join('\n')
  let end = lines.length
  for (let i = at + 1; i < lines.length; i++) {
    if (/^[A-Za-z_]/.test(lines[i]!)) {
      end = i
      break
    }
  }
  return [...lines.slice(0, end), ...entry.replace(/\n$/, '').split('\n'), ...lines.slice(end)].join('\n') + '\n'
}

/** What a new flow begins with. */
export const beginning = (name: string, title: string, zh: boolean): string =>
  zh
    ? `flow: ${name}
title: ${title}
salutation: 亲

slots:
  order_no:
    label: 订单号
    kind: order
    ask: 请问您的订单号是多少？
    again: 请发订单号，例如 DD20261101。

states:
  begin:                      # 开始
    - ask: order_no
    - say: "{{contact.name}}，订单 {{order_no}} 收到了。"
    - end:

tests:
  - name: 走一遍
    talk:
      - user: 您好
      - bot: 订单号
      - user: DD20261101
      - bot: 收到了
      - end: true
`
    : `flow: ${name}
title: ${title}
locale: en

slots:
  order_no:
    label: Order number
    kind: order
    ask: What is your order number?
    again: Please send the order number, for example DD20261101.

states:
  begin:                      # Begin
    - ask: order_no
    - say: "Thank you, I have order {{order_no}}."
    - end:

tests:
  - name: once through
    talk:
      - user: hello
      - bot: order number
      - user: DD20261101
      - bot: I have order
      - end: true
`

import type { OutboxItem } from '../conversations/model.ts'
import type { Conversation, Message } from '../conversations/shapes.ts'
import type { Trace } from '../thread/trace.ts'

/** Made-up data for the page of parts; times are relative to now. */
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

function conversation(n: number, fields: Partial<Conversation>): Conversation {
  return {
    id: `cnv_sample${n}`,
    contact: { id: `con_sample${n}a7f`, name: '王小明' },
    inbox_id: 'inb_sample',
    status: 'open',
    seq: 4,
    version: 4,
    unread: 0,
    contact_read_seq: 4,
    agent_read_seq: 4,
    preview: '请问这件外套还有 M 码吗？',
    created_at: ago(60),
    updated_at: ago(3),
    last_message_at: ago(3),
    ...fields,
  }
}

export function sampleConversations(): Conversation[] {
  return [
    conversation(1, { unread: 3, waiting_since: ago(6) }),
    conversation(2, { contact: { id: 'con_x9k2' }, preview: 'Is this jacket still available in M?' }),
    conversation(3, { status: 'pending', contact: { id: 'con_3', name: 'مريم العلي' }, preview: 'مرحبا، أين طلبي؟', last_message_at: ago(180) }),
    conversation(4, { status: 'snoozed', contact: { id: 'con_4', name: '<script>alert(1)</script>' }, preview: '<img src=x onerror=alert(1)>', last_message_at: ago(60 * 26) }),
    conversation(5, { status: 'resolved', contact: { id: 'con_5', name: '名'.repeat(300) }, preview: '长'.repeat(120), last_message_at: ago(60 * 24 * 20), unread: 120 }),
  ]
}

function message(n: number, fields: Partial<Message>): Message {
  return {
    id: `msg_sample${n}`,
    conversation_id: 'cnv_sample1',
    inbox_id: 'inb_sample',
    seq: n,
    author: { kind: 'visitor', name: '王小明' },
    visibility: 'public',
    status: 'received',
    parts: [{ type: 'text', text: '你好，我想问一下订单 20261121 的物流 https://shop.example/orders/1。' }],
    at: ago(60 - n),
    ...fields,
  }
}

const agent = { kind: 'agent', name: '林晓' } as const

export function sampleMessages(): Message[] {
  return [
    message(1, {}),
    message(2, { author: { kind: 'bot', name: '小应' }, status: 'sent', parts: [{ type: 'buttons', text: '我是机器人小应。你想了解哪一项？', buttons: [{ label: '物流' }, { label: '退换货' }, { label: '找人工' }] }] }),
    message(3, { author: agent, status: 'read', parts: [{ type: 'text', text: '您好，我来看看，请稍等。' }] }),
    message(4, { author: agent, visibility: 'note', parts: [{ type: 'text', text: '这位客户上周也问过同一个订单。' }] }),
    message(5, { author: agent, status: 'failed', failure_reason: 'window_closed', parts: [{ type: 'text', text: '已为您补发。' }] }),
    message(6, { parts: [{ type: 'card', card: { title: '轻羽绒外套', subtitle: '雾蓝 · M', price: '¥399.00' } }, { type: 'file', media: { url: '/x/invoice.pdf', name: '发票.pdf' } }, { type: 'location', location: { latitude: 31.23, longitude: 121.47, name: '人民广场' } }] }),
    message(7, { author: { kind: 'visitor', name: 'مريم العلي' }, parts: [{ type: 'text', text: 'مرحبا، أين طلبي رقم 4711؟ شكرا' }], reply_to: 'msg_none' }),
    message(8, { parts: [{ type: 'text', text: '<script>alert("x")</script> <b>不是粗体</b>' }] }),
    message(9, { parts: [{ type: 'text', text: `${'很长的消息。'.repeat(1600)}${'x'.repeat(400)}` }] }),
  ]
}

export function sampleActivities(): Trace[] {
  return [
    { type: 'assigned', at: ago(3), actor: agent, details: { agent_id: 'agt_1' } },
    { type: 'snoozed', at: ago(2), actor: agent, details: { until: ago(-600) } },
    { type: 'rated', at: ago(1), details: { score: 5 } },
    { type: 'resolved', at: ago(1), actor: agent, details: {} },
  ]
}

export function sampleOutgoing(): OutboxItem[] {
  return [
    { key: 'a', conversation: 'c', mode: 'reply', text: '正在发出的回复', at: ago(0), state: 'sending' },
    { key: 'b', conversation: 'c', mode: 'reply', text: '没有发出的回复', at: ago(0), state: 'failed', reason: '你没有权限这样做。' },
  ]
}

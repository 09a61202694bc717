import { computed, reactive, ref, shallowRef, watch } from 'vue';
import type { Conversation, InboxResult, Part, ShownMessage } from '@yingda/sdk';
import type { Desk } from './desk.ts';
import { ask, t } from './language.ts';
import { inbox, prechatFields, visitor } from './settings.ts';
import { dress, paint } from './theme.ts';

type View = 'welcome' | 'prechat' | 'chat' | 'offline' | 'rating';

/** What the designer at the desk posts; see docs/guide. */
interface Message {
  yingda: 'preview';
  inbox?: Partial<InboxResult>;
  locale?: string;
  scheme?: string;
  view?: View;
}

const all = { uploads: true, voice: true, rating: true, transcript: true, max_upload_bytes: 25 * 1024 * 1024 };

/**
 * The chat as the designer shows it: settings from the page around, a few
 * lines of a conversation, and no network. What is written stays here.
 */
export function usePreview(): Desk {
  const view = ref<View>('welcome');
  const messages = shallowRef<readonly ShownMessage[]>([]);
  const conversation = shallowRef<Conversation | null>(null);
  const replyTo = shallowRef<ShownMessage | null>(null);
  const answered = ref(false);
  const stopped = () => Promise.reject(new Error('a preview has no network'));
  let count = 0;

  function line(kind: 'visitor' | 'agent', part: Part): ShownMessage {
    count++;
    const own = kind === 'visitor';
    const at = new Date(Date.now() - (20 - count) * 60_000).toISOString();
    return { key: `p${count}`, id: `p${count}`, seq: count, conversationID: 'preview', state: own ? 'read' : 'received', author: own ? { kind } : { kind, name: '林小满' }, parts: [part], at };
  }

  function play(): void {
    count = 0;
    const zh = t.value.lang.startsWith('zh');
    const talk = view.value === 'chat' || view.value === 'rating';
    conversation.value = talk
      ? { id: 'preview', status: view.value === 'rating' ? 'resolved' : 'open', seq: 4, contact_read_seq: 4, agent_read_seq: 4, assignee: { name: '林小满' } }
      : null;
    messages.value = talk
      ? [
          line('visitor', { type: 'text', text: zh ? '请问这款耳机今天能发货吗？' : 'Can you ship these headphones today?' }),
          line('agent', { type: 'text', text: zh ? '可以的，下午 **4 点前**下单当天发出。' : 'Yes, orders before **4 pm** leave today.' }),
          line('visitor', { type: 'text', text: zh ? '太好了，谢谢！' : 'Great, thank you!' }),
        ]
      : [];
  }

  addEventListener('message', (e: MessageEvent<Message | null>) => {
    if (e.source !== window.parent || e.origin !== location.origin || e.data?.yingda !== 'preview') return;
    const m = e.data;
    if (m.view) view.value = m.view;
    inbox.value = { name: '', ...inbox.value, ...m.inbox, features: all, online: view.value !== 'offline' };
    if (m.locale) ask(m.locale, true);
    answered.value = view.value !== 'prechat';
    dress(m.scheme && m.scheme !== 'auto' ? m.scheme : inbox.value.widget?.theme);
    paint(inbox.value.primary);
    play();
  });
  watch(t, play);
  visitor.value = { verified: false };
  inbox.value = { name: '', features: all, online: true };
  window.parent.postMessage({ yingda: 'preview-ready' }, location.origin);

  return {
    key: 'preview',
    messages,
    conversation,
    state: ref('online'),
    problem: shallowRef(null),
    typing: reactive({ on: false, name: '', bot: false }),
    older: ref(false),
    loaded: ref(true),
    visible: ref(true),
    openings: ref(0),
    prefill: ref(''),
    arrived: shallowRef(null),
    agentName: computed(() => conversation.value?.assignee?.name ?? ''),
    replyTo,
    product: shallowRef(null),
    consent: ref('unneeded'),
    queue: shallowRef(null),
    welcome: shallowRef(null),
    asking: computed(() => !answered.value && prechatFields.value.length > 0),
    now: () => new Date(),
    send(content) {
      const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
      conversation.value ??= { id: 'preview', status: 'open', seq: 0, contact_read_seq: 0, agent_read_seq: 0 };
      messages.value = [...messages.value, ...parts.map((p) => line('visitor', p))];
      replyTo.value = null;
    },
    resend: () => {},
    discard: () => {},
    canRecall: () => false,
    recall: stopped,
    markRead: () => {},
    type: () => {},
    loadOlder: () => Promise.resolve(false),
    upload: stopped,
    answerForm: () => (answered.value = true),
    sendProduct: () => {},
    hideProduct: () => {},
    chooseWait: stopped,
    leaveQueue: stopped,
    rate(score, comment) {
      const rating = { score, comment };
      if (conversation.value) conversation.value = { ...conversation.value, rating };
      return Promise.resolve(rating);
    },
    feedback: () => Promise.resolve(),
    transcript: () => Promise.resolve(),
    setConsent: () => {},
    close: () => {},
  };
}

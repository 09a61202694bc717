import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { Chat, type ChatState, type Conversation, type Part, type SessionResult, type ShownMessage, type YingdaError } from '@yingda/sdk';
import { embedded, hearPage, tellPage } from './parent.ts';
import { language } from './language.ts';
import { paint } from './theme.ts';

const query = new URLSearchParams(location.search);

/** The embedding page has so long to say who the visitor is. */
const introductionMs = 1_500;

/**
 * The widget's one view of the SDK: what components read (refs) and what they
 * may do (functions). Nothing else in the widget touches the SDK.
 */
export function useDesk() {
  const key = query.get('key') ?? '';
  const messages = shallowRef<readonly ShownMessage[]>([]);
  const conversation = shallowRef<Conversation | null>(null);
  const session = shallowRef<SessionResult | null>(null);
  const state = ref<ChatState>('connecting');
  const problem = shallowRef<YingdaError | null>(null);
  const typing = reactive({ on: false, name: '', bot: false });
  const older = ref(false);
  const loaded = ref(false);
  /** Whether the visitor can see the chat: read marks follow it. */
  const visible = ref(!embedded && document.visibilityState === 'visible');
  const opened = ref(!embedded);
  /** Counts openings, so that the composer can take the focus. */
  const openings = ref(0);
  /** The newest message of the other side, for the screen reader. */
  const arrived = shallowRef<ShownMessage | null>(null);

  let identity: string | null = null;
  let introduced = !embedded;
  const chat = new Chat({
    channelKey: key,
    locale: language.value === 'zh' ? 'zh-CN' : 'en',
    identity: () => identity,
    ...(embedded ? {} : { page: { url: location.origin + location.pathname, title: document.title } }),
  });

  chat.on('messages', (list) => {
    messages.value = list;
    older.value = chat.hasOlder;
  });
  chat.on('state', (s) => {
    state.value = s.state;
    problem.value = s.error ?? null;
  });
  chat.on('session', (s) => {
    session.value = s;
    if (!query.get('color')) paint(s.inbox.primary);
  });
  chat.on('conversation', (c) => {
    conversation.value = c;
    if (c) tellPage({ yingda: 'known' });
  });
  chat.on('typing', (e) => {
    typing.on = e.on;
    typing.name = e.by.name ?? '';
    typing.bot = e.by.kind === 'bot';
  });
  chat.on('unread', (count) => tellPage({ yingda: 'unread', count }));
  chat.on('message', (m) => {
    // The list is rebuilt in the same turn; look when it is there.
    setTimeout(() => (arrived.value = messages.value.find((s) => s.id === m.id) ?? null));
  });

  async function start(): Promise<void> {
    if (!key) return;
    await chat.start();
    older.value = chat.hasOlder;
    loaded.value = true;
  }

  function see(): void {
    visible.value = opened.value && document.visibilityState === 'visible';
  }
  document.addEventListener('visibilitychange', see);

  hearPage((m) => {
    if (m.page) chat.setPage({ url: String(m.page.url).slice(0, 2048), title: String(m.page.title ?? '').slice(0, 200) });
    if (m.yingda === 'init' || m.yingda === 'identify') {
      const next = m.identity ?? null;
      const changed = introduced && next !== identity;
      identity = next;
      if (!introduced) {
        introduced = true;
        void start();
      } else if (changed) void chat.identify(() => identity);
    }
    if (m.yingda === 'open' || m.open) {
      opened.value = true;
      openings.value++;
    } else if (m.yingda === 'closed') opened.value = false;
    see();
  });
  tellPage({ yingda: 'ready' });
  if (introduced) void start();
  else
    setTimeout(() => {
      if (introduced) return;
      introduced = true;
      void start();
    }, introductionMs);

  const agentName = computed(() => conversation.value?.assignee?.name ?? '');

  return {
    key,
    messages,
    conversation,
    session,
    state,
    problem,
    typing,
    older,
    loaded,
    visible,
    openings,
    arrived,
    agentName,
    send: (content: string | Part[]) => chat.send(content),
    resend: (clientID: string) => chat.resend(clientID),
    discard: (clientID: string) => chat.discard(clientID),
    markRead: () => chat.markRead(),
    type: (on: boolean) => chat.typing(on),
    loadOlder: () => chat.loadOlder(),
    close: () => tellPage({ yingda: 'close' }),
    watchVisible: (run: () => void) => watch(visible, (v) => v && run()),
  };
}

export type Desk = ReturnType<typeof useDesk>;

import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { Chat, type ChatState, type Consent, type Conversation, type Part, type Product, type QueuePlace, type ShownMessage, type Welcome, type YingdaError } from '@yingda/sdk';
import { productPart, type Desk } from './desk.ts';
import { ask, locale } from './language.ts';
import { channelKey, embedded, hearPage, query, tellPage, type FromPage } from './parent.ts';
import { cleanProduct } from './product.ts';
import { inbox, prechatFields, settings, soundAllowed, visitor } from './settings.ts';
import { chime } from './sound.ts';
import { spoken } from './spoken.ts';
import { dress, paint } from './theme.ts';

/** The embedding page has so long to say who the visitor is. */
const introductionMs = 1_500;

/** The widget's one view of the SDK. Nothing else in the widget makes a Chat. */
export function useChat(): Desk {
  const key = channelKey;
  const messages = shallowRef<readonly ShownMessage[]>([]);
  const conversation = shallowRef<Conversation | null>(null);
  const state = ref<ChatState>('connecting');
  const problem = shallowRef<YingdaError | null>(null);
  const typing = reactive({ on: false, name: '', bot: false });
  const older = ref(false);
  const loaded = ref(false);
  const opened = ref(!embedded);
  const visible = ref(!embedded && document.visibilityState === 'visible');
  const openings = ref(0);
  const prefill = ref('');
  const arrived = shallowRef<ShownMessage | null>(null);
  const replyTo = shallowRef<ShownMessage | null>(null);
  const product = shallowRef<Product | null>(null);
  const consent = ref<Consent>('unneeded');
  const queue = shallowRef<QueuePlace | null>(null);
  const welcome = shallowRef<Welcome | null>(null);
  const answered = ref(kept('asked') === '1');
  const unread = ref(0);

  let identity: string | null = null;
  let introduced = !embedded;
  let theme = query.get('theme');
  let hidden = kept('hidden') ?? '';
  let at: { url: string; title: string } | undefined;
  const chat = new Chat({
    channelKey: key,
    locale: locale.value,
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
    if (s.state === 'refused') tellPage({ yingda: 'refused', reason: s.error?.message ?? '' });
  });
  chat.on('session', (s) => {
    inbox.value = s.inbox;
    visitor.value = s.visitor;
    consent.value = chat.consent;
    paint(query.get('color') || s.inbox.primary);
    dress(theme && theme !== 'auto' ? theme : settings.value.theme);
  });
  chat.on('conversation', (c) => {
    conversation.value = c;
    if (c) tellPage({ yingda: 'known' });
  });
  chat.on('rated', ({ conversationID, rating }) => {
    const c = conversation.value;
    if (c?.id === conversationID) conversation.value = { ...c, rating };
  });
  chat.on('consent', (c) => (consent.value = c));
  chat.on('queue', (place) => (queue.value = place));
  chat.on('typing', (e) => {
    typing.on = e.on;
    typing.name = e.by.name ?? '';
    typing.bot = e.by.kind === 'bot';
  });
  chat.on('unread', (count) => {
    unread.value = count;
    tellPage({ yingda: 'unread', count });
  });
  chat.on('message', (m) => {
    // Whoever answers is there, whatever the session said when it began.
    if (m.author.kind === 'agent' && inbox.value?.online === false) inbox.value = { ...inbox.value, online: true };
    if (soundAllowed.value && m.author.kind !== 'system') chime();
    // The list is rebuilt in the same turn; look when it is there.
    setTimeout(() => {
      const shown = messages.value.find((s) => s.id === m.id) ?? null;
      arrived.value = shown;
      if (shown && !visible.value) tellPage({ yingda: 'message', name: m.author.name ?? '', text: spoken(shown.parts) });
    });
  });

  function kept(name: string): string | null {
    try {
      return sessionStorage.getItem(`yingda/${key}/${name}`);
    } catch {
      return null;
    }
  }

  function keep(name: string, value: string): void {
    try {
      sessionStorage.setItem(`yingda/${key}/${name}`, value);
    } catch {
      // It holds until the reload then.
    }
  }

  /** Asked for while the chat opens, so that it is there before anything is said. */
  async function meet(): Promise<void> {
    try {
      welcome.value = await chat.welcome(at ?? (embedded ? undefined : { url: location.origin + location.pathname, title: document.title }));
    } catch {
      // Without it the chat is one without suggestions.
    }
  }

  async function start(): Promise<void> {
    if (!key) return;
    await chat.start();
    void meet();
    older.value = chat.hasOlder;
    loaded.value = true;
  }

  function see(): void {
    visible.value = opened.value && document.visibilityState === 'visible';
  }
  document.addEventListener('visibilitychange', see);

  /** Of the page: what is looked at there. A product that was put away stays away. */
  function look(m: FromPage): void {
    const page = m.page ? { url: String(m.page.url).slice(0, 2048), title: String(m.page.title ?? '').slice(0, 200) } : undefined;
    if (page) chat.setPage((at = page));
    if (m.product === undefined) return;
    const found = cleanProduct(m.product, page?.url);
    chat.setProduct(found);
    product.value = found && found.title + found.url !== hidden ? found : null;
  }

  function introduce(m: FromPage): void {
    const next = m.identity ?? null;
    const changed = introduced && next !== identity;
    identity = next;
    if (!introduced) {
      introduced = true;
      void start();
    } else if (changed) {
      replyTo.value = null;
      void chat.identify(() => identity);
    }
  }

  hearPage((m) => {
    if (m.page) look(m);
    if (m.locale) ask(m.locale, m.yingda === 'locale');
    if (m.theme) dress((theme = m.theme));
    if (m.yingda === 'init' || m.yingda === 'identify') introduce(m);
    if (m.yingda === 'open' || m.open) {
      if (m.text) prefill.value = String(m.text).slice(0, 10_000);
      opened.value = true;
      openings.value++;
    } else if (m.yingda === 'closed') opened.value = false;
    else if (m.yingda === 'consent') void chat.setConsent(m.granted === true);
    else if (m.yingda === 'track') track(m);
    see();
  });

  function track(m: FromPage): void {
    try {
      chat.track(String(m.name), (m.props ?? {}) as Record<string, string>);
    } catch (err) {
      // The page's programmer reads consoles; the visitor did nothing wrong.
      console.warn('[Yingda]', err);
    }
  }

  tellPage({ yingda: 'ready' });
  if (introduced) void start();
  else
    setTimeout(() => {
      if (introduced) return;
      introduced = true;
      void start();
    }, introductionMs);

  watch(locale, (l) => {
    void chat.setLocale(l).then(meet, () => {});
    tellPage({ yingda: 'language', locale: l });
  });
  // The full page has a title of its own to count in.
  watch([unread, visible], () => {
    if (embedded) return;
    const plain = document.title.replace(/^\(\d+\) /, '');
    document.title = unread.value && !visible.value ? `(${unread.value}) ${plain}` : plain;
  });

  const asking = computed(() => loaded.value && !answered.value && prechatFields.value.length > 0 && !conversation.value && messages.value.length === 0);

  function hideProduct(): void {
    const p = product.value;
    if (p) keep('hidden', (hidden = p.title + p.url));
    product.value = null;
  }

  function send(content: string | Part[]): void {
    chat.send(content, replyTo.value?.id || undefined);
    replyTo.value = null;
  }

  return {
    key,
    messages,
    conversation,
    state,
    problem,
    typing,
    older,
    loaded,
    visible,
    openings,
    prefill,
    arrived,
    replyTo,
    product,
    consent,
    queue,
    welcome,
    asking,
    agentName: computed(() => conversation.value?.assignee?.name ?? ''),
    now: () => chat.serverTime,
    send,
    resend: (id) => chat.resend(id),
    discard: (id) => chat.discard(id),
    canRecall: (m) => m.id !== '' && chat.canRecall(m.id),
    recall: (m) => chat.recall(m.id),
    markRead: () => chat.markRead(),
    type: (on, text) => chat.typing(on, text?.slice(0, 500)),
    loadOlder: () => chat.loadOlder(),
    upload: (file, options) => chat.upload(file, options),
    answerForm(values) {
      if (values) chat.prechat(values);
      answered.value = true;
      keep('asked', '1');
    },
    sendProduct() {
      if (product.value) send([productPart(product.value)]);
      hideProduct();
    },
    hideProduct,
    rate: (score, comment) => chat.rate(score, comment || undefined),
    feedback: (id, helpful, reason) => chat.feedback(id, helpful, reason),
    transcript: (email) => chat.transcript(email),
    chooseWait: (choice, wish) => chat.chooseWait(choice, wish),
    leaveQueue: () => chat.leaveQueue(),
    setConsent: (granted) => void chat.setConsent(granted),
    close: () => tellPage({ yingda: 'close' }),
  };
}

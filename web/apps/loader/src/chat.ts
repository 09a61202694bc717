import { makeBox } from './box.ts';
import { ask, memory, whenParsed } from './known.ts';
import { refusal, type Look } from './look.ts';

/** What the pasted line says; what it leaves out the inbox's settings say. base is the desk's address and ends with a slash. */
export interface Options {
  key: string;
  base: string;
  locale?: string | undefined;
  color?: string | undefined;
  position?: string | undefined;
  theme?: string | undefined;
  nonce?: string | undefined;
}

/** A name and its values; docs/guide lists them. */
export type Command = [name: string, value?: unknown, more?: unknown];

type Extra = typeof import('./extra.ts');
type Happening = 'ready' | 'open' | 'close' | 'unread' | 'message' | 'blocked';

/** What the frame tells us. */
interface FromFrame {
  yingda?: string;
  count?: number;
  name?: string;
  text?: string;
  reason?: string;
  locale?: string;
}

/** A frame that has not loaded by then is given up and a link offered instead. */
const loadWithinMs = 25_000;
/** One that has loaded speaks at once, or something stands in its way. */
const speakWithinMs = 3_000;

/** Puts the launcher on the page and returns the function that runs commands. */
export function start(options: Options): (command: Command) => void {
  const origin = new URL(options.base).origin;
  const store = (name: string) => `yingda/${options.key}/${name}`;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const heard: { [name: string]: ((value: unknown) => void)[] } = {};
  const pageTitle = { own: document.title, marked: false };

  let look: Look = (memory(store('look')) as Look | null) ?? {};
  let frame: HTMLIFrameElement | null = null;
  let ready = false;
  let opened = false;
  let hidden = false;
  let gone = false;
  let unread = 0;
  let attempt = 0;
  let identity: string | null = null;
  let given: { url?: string; title?: string } = {};
  let product: unknown;
  let extra: Extra | undefined;
  let told = '';
  let scroll = '';

  const key = encodeURIComponent(options.key);
  const box = makeBox({ press: () => (opened ? close() : open()), close, near: load, retry, page: () => address(`chat/${key}`) }, options.nonce);

  function locale(): string {
    const wanted = options.locale || document.documentElement.lang || navigator.language;
    const name = /^zh/i.test(wanted) ? 'zh-CN' : 'en';
    const offered = look.widget?.languages ?? [];
    return offered.length && !offered.includes(name) ? offered[0]! : name;
  }

  function theme(): string {
    return options.theme || look.widget?.theme || 'auto';
  }

  function isDark(): boolean {
    return theme() === 'dark' || (theme() === 'auto' && system.matches);
  }

  function paint(): void {
    const left = (options.position || look.widget?.position) === 'left';
    box.paint(look, options.color || look.primary, isDark(), left, locale());
    label();
  }

  function address(path: string, more = ''): string {
    const chosen = options.locale ? `locale=${encodeURIComponent(options.locale)}` : '';
    const query = [more, chosen].filter(Boolean).join('&');
    return options.base + path + (query && `?${query}`);
  }

  function tell(message: object): void {
    // Named target: if the frame was led elsewhere, nobody else hears the token.
    if (ready) frame?.contentWindow?.postMessage(message, origin);
  }

  function tellPage(kind: 'init' | 'page', more: object = {}): void {
    const page = { url: given.url || location.href.slice(0, 2_000), title: (given.title || plainTitle()).slice(0, 200) };
    const news = { page, product: product === undefined ? extra?.described() ?? null : product };
    const text = JSON.stringify(news);
    if (!ready || (kind === 'page' && text === told)) return;
    told = text;
    tell({ yingda: kind, ...news, ...more });
  }

  function load(): void {
    if (frame || gone) return;
    const mine = ++attempt;
    const late = () => mine === attempt && !ready && blocked();
    const color = options.color ? `&color=${encodeURIComponent(options.color)}` : '';
    frame = document.createElement('iframe');
    frame.title = box.frameName();
    frame.allow = 'microphone; clipboard-write; autoplay';
    frame.src = address('widget/', `key=${key}&embed=1&origin=${encodeURIComponent(location.origin)}&theme=${theme()}${color}`);
    // A refusing page and a filter in the browser both look like this: loaded, and silent.
    frame.onload = () => setTimeout(late, speakWithinMs);
    setTimeout(late, loadWithinMs);
    box.panel.append(frame);
    // Blocked or old: then no product is read and no line shown; the chat is the same.
    if (!extra) {
      import(/* @vite-ignore */ `${options.base}loader-extra.js`).then(
        (m: Extra) => {
          extra = m;
          tellPage('page');
        },
        () => {},
      );
    }
  }

  function blocked(): void {
    if (ready) return;
    box.failed();
    label();
    happen('blocked');
  }

  function retry(): void {
    frame?.remove();
    frame = null;
    label();
    load();
  }

  function open(text?: string): void {
    if (gone) return;
    box.show();
    load();
    if (!opened) {
      opened = true;
      happen('open');
      label();
      if (matchMedia('(max-width:480px)').matches) {
        scroll = document.documentElement.style.overflow;
        document.documentElement.style.overflow = 'hidden';
      }
    }
    tellPage('page');
    tell({ yingda: 'open', text });
    wanted = text;
    frame?.focus();
  }
  let wanted: string | undefined;

  function close(): void {
    if (!opened) return;
    opened = false;
    label();
    document.documentElement.style.overflow = scroll;
    tell({ yingda: 'closed' });
    box.focus();
    if (hidden) box.hide();
    happen('close');
  }

  function label(): void {
    box.label(opened, unread);
    markTitle();
  }

  /** The count stands in the tab's title while nobody looks at the tab. */
  function markTitle(): void {
    const mark = unread > 0 && document.hidden;
    if (mark) {
      if (!pageTitle.marked) pageTitle.own = document.title;
      document.title = `(${unread}) ${pageTitle.own}`;
    } else if (pageTitle.marked) document.title = pageTitle.own;
    pageTitle.marked = mark;
  }

  function plainTitle(): string {
    return pageTitle.marked ? pageTitle.own : document.title;
  }

  function happen(name: Happening, value?: unknown): void {
    // Each in its own turn: the page's mistakes do not stop the chat.
    for (const run of heard[name] ?? []) setTimeout(run, 0, value);
  }

  function withdraw(why: string): void {
    console.warn(`[Yingda] The chat is not shown: ${why}.`);
    gone = true;
    opened = false;
    frame?.remove();
    box.hide();
  }

  function appear(): void {
    const why = refusal(look, options.key);
    if (why) return withdraw(why);
    paint();
    if (!hidden) box.show();
    // Somebody who has written before may have an answer waiting.
    if (memory(store('known'))) setTimeout(load, 1_500);
  }

  addEventListener('message', (e: MessageEvent<FromFrame | undefined>) => {
    if (e.origin !== origin || !frame || e.source !== frame.contentWindow || typeof e.data !== 'object') return;
    const { yingda: kind, count, name, text, reason, locale: chosen } = e.data ?? {};
    if (kind === 'ready') {
      ready = true;
      box.ready();
      label();
      tellPage('init', { identity, open: opened, text: wanted, locale: locale(), theme: theme() });
      happen('ready');
    } else if (kind === 'close') close();
    else if (kind === 'known') memory(store('known'), 1);
    else if (kind === 'language') {
      options.locale = chosen;
      paint();
    } else if (kind === 'refused') console.warn(`[Yingda] The desk refused this chat: ${reason}`);
    else if (kind === 'unread') {
      unread = Math.max(0, Math.floor(Number(count) || 0));
      label();
      happen('unread', unread);
    } else if (kind === 'message') {
      if (!opened && text) box.tease(extra?.teaser, String(name ?? ''), String(text).slice(0, 200));
      happen('message', { name, text });
    }
  });
  document.addEventListener('securitypolicyviolation', (e) => {
    if (!/^(frame|child|default)-src/.test(e.effectiveDirective) || !e.blockedURI.startsWith(origin)) return;
    console.warn(`[Yingda] The page's Content-Security-Policy blocks the chat: add ${origin} to frame-src.`);
    blocked();
  });
  addEventListener('keydown', (e) => e.key === 'Escape' && !e.isComposing && !e.defaultPrevented && close());
  document.addEventListener('visibilitychange', markTitle);
  system.addEventListener?.('change', paint);
  // A phone's keyboard covers the page without making it smaller; the composer must stay above it.
  const view = window.visualViewport;
  view?.addEventListener('resize', () => box.height(view.height < innerHeight ? view.height : 0));
  // Pages that change without loading: the Navigation API where it exists, the back button anywhere.
  const moved = () => void setTimeout(() => tellPage('page'), 300);
  (window as { navigation?: EventTarget }).navigation?.addEventListener('navigatesuccess', moved);
  addEventListener('popstate', moved);

  paint();
  const known = look.known !== undefined;
  if (known) whenParsed(appear);
  const news = ask(address('widget/look', `key=${key}`)).then((fresh) => {
    if (!fresh) return;
    memory(store('look'), (look = fresh));
    const why = refusal(look, options.key);
    if (known && why && !gone) withdraw(why);
    else if (!gone) paint();
  });
  if (!known) void news.then(() => whenParsed(appear));

  const commands: { [name: string]: (value: unknown, more: unknown) => void } = {
    open: (v) => open((v as { text?: string } | undefined)?.text),
    close,
    toggle: () => (opened ? close() : open()),
    hide: () => ((hidden = true), opened || box.hide()),
    show: () => ((hidden = false), gone || box.show()),
    identify: (v) => tell({ yingda: 'identify', identity: (identity = (v as { token?: string | null } | undefined)?.token || null) }),
    page: (v) => ((given = (v as typeof given | undefined) ?? {}), tellPage('page')),
    product: (v) => {
      product = v === undefined ? null : JSON.parse(JSON.stringify(v));
      tellPage('page');
    },
    locale: (v) => {
      options.locale = String(v);
      paint();
      tell({ yingda: 'locale', locale: locale() });
    },
    theme: (v) => {
      options.theme = String(v);
      paint();
      tell({ yingda: 'theme', theme: theme() });
    },
    track: (name, props) => tell({ yingda: 'track', name, props }),
    consent: (granted) => tell({ yingda: 'consent', granted }),
    on: (v, more) => typeof more === 'function' && (heard[String(v)] ??= []).push(more as (value: unknown) => void),
  };
  return ([name, value, more]) => {
    const run = Object.prototype.hasOwnProperty.call(commands, name) && commands[name];
    if (run) run(value, more);
    else console.warn(`[Yingda] Unknown command ${name}`);
  };
}

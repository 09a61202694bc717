import { brandColor, css, icon, icons, inkOn, words } from './look.ts';

/** What the pasted line says. base is the desk's address and ends with a slash. */
export interface Options {
  key: string;
  base: string;
  locale?: string | undefined;
  color?: string | undefined;
  position?: string | undefined;
  theme?: string | undefined;
}

/** What a page may ask for: window.yingda('open'), ('close'), ('identify', {token}), ('page', {url, title}). */
export type Command = ['open' | 'close'] | ['identify', { token: string | null }] | ['page', { url?: string; title?: string }?];

/** What the frame tells us. */
interface FromFrame {
  yingda: 'ready' | 'close' | 'unread' | 'known';
  count?: number;
}

/** A frame that has not said "ready" by then is given up and a link offered instead. */
const readyWithinMs = 12_000;

/** Puts the launcher on the page and returns the function that runs commands. */
export function start(options: Options): (command: Command) => void {
  const zh = /^zh/i.test(options.locale || document.documentElement.lang || navigator.language);
  const say = zh ? words.zh : words.en;
  const origin = new URL(options.base).origin;
  const brand = brandColor(options.color);
  const knownKey = `yingda/${options.key}/known`;
  const dark = options.theme === 'dark' || (options.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);

  const host = document.createElement('yingda-chat');
  host.style.setProperty('--brand', brand);
  host.style.setProperty('--ink', inkOn(brand));
  const root = host.attachShadow({ mode: 'open' });
  dress(root);
  const box = element('div', { className: `${options.position === 'left' ? 'left' : 'right'}${dark ? ' dark' : ''}` });
  const launch = element('button', { className: 'launch', type: 'button' });
  const badge = element('span', { className: 'badge', hidden: true });
  launch.append(icon(icons.mark), icon(icons.down), badge);
  const panel = element('div', { className: 'panel' });
  panel.setAttribute('role', 'dialog');
  panel.setAttribute('aria-label', say.panel);
  box.append(panel, launch);
  root.append(box);

  let frame: HTMLIFrameElement | null = null;
  let fail: HTMLElement | null = null;
  let ready = false;
  let opened = false;
  let unread = 0;
  let identity: string | null | undefined;
  let given: { url?: string; title?: string } = {};
  let told = '';
  let scroll = '';
  const pageTitle = { own: document.title, marked: false };

  function url(more: string): string {
    const locale = options.locale ? `&locale=${encodeURIComponent(options.locale)}` : '';
    return `${options.base}widget/?key=${encodeURIComponent(options.key)}${locale}${more}`;
  }

  function tell(message: object): void {
    // Named target: if the frame was led elsewhere, nobody else hears the token.
    if (ready) frame?.contentWindow?.postMessage(message, origin);
  }

  function tellPage(kind: 'init' | 'page', more: object = {}): void {
    const page = { url: given.url || location.href.slice(0, 2_000), title: (given.title || plainTitle()).slice(0, 200) };
    const text = JSON.stringify(page);
    if (!ready || (kind === 'page' && text === told)) return;
    told = text;
    tell({ yingda: kind, page, ...more });
  }

  function load(): void {
    if (frame) return;
    frame = element('iframe', { title: say.panel });
    frame.allow = 'microphone; clipboard-write';
    frame.src = url(
      `&embed=1&origin=${encodeURIComponent(location.origin)}&color=${encodeURIComponent(brand)}&theme=${dark ? 'dark' : options.theme === 'auto' ? 'auto' : 'light'}`,
    );
    panel.append(frame);
    setTimeout(() => ready || showFail(), readyWithinMs);
  }

  function showFail(): void {
    if (!fail) {
      fail = element('div', { className: 'fail' });
      fail.setAttribute('role', 'alert');
      const link = element('a', { href: url(''), target: '_blank', rel: 'noopener', textContent: say.page });
      const retry = element('button', { type: 'button', textContent: say.retry });
      retry.onclick = () => {
        fail!.hidden = true;
        frame?.remove();
        frame = null;
        load();
      };
      fail.append(element('p', { textContent: say.failed }), element('p', {}), retry);
      fail.children[1]!.append(link);
      panel.append(fail);
    }
    fail.hidden = false;
  }

  function open(): void {
    if (opened) return;
    opened = true;
    load();
    box.classList.add('open');
    label();
    if (matchMedia('(max-width:480px)').matches) {
      scroll = document.documentElement.style.overflow;
      document.documentElement.style.overflow = 'hidden';
    }
    tellPage('page');
    tell({ yingda: 'open' });
    frame?.focus();
  }

  function close(): void {
    if (!opened) return;
    opened = false;
    box.classList.remove('open');
    label();
    document.documentElement.style.overflow = scroll;
    tell({ yingda: 'closed' });
    launch.focus();
  }

  function label(): void {
    launch.setAttribute('aria-label', (opened ? say.close : say.open) + (unread && !opened ? say.unread(unread) : ''));
    launch.setAttribute('aria-expanded', String(opened));
    badge.hidden = opened || unread === 0;
    badge.textContent = unread > 99 ? '99+' : String(unread);
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

  addEventListener('message', (e: MessageEvent<FromFrame | undefined>) => {
    if (e.origin !== origin || !frame || e.source !== frame.contentWindow || typeof e.data !== 'object') return;
    const { yingda: kind, count = 0 } = e.data ?? {};
    if (kind === 'ready') {
      ready = true;
      if (fail) fail.hidden = true;
      tellPage('init', { identity: identity ?? null, open: opened });
    } else if (kind === 'close') close();
    else if (kind === 'known') remember(knownKey);
    else if (kind === 'unread') {
      unread = Math.max(0, Math.floor(Number(count) || 0));
      label();
    }
  });
  addEventListener('keydown', (e) => e.key === 'Escape' && !e.isComposing && !e.defaultPrevented && close());
  document.addEventListener('visibilitychange', markTitle);
  // Pages that change without loading: the Navigation API where it exists, the back button anywhere.
  (window as { navigation?: EventTarget }).navigation?.addEventListener('navigatesuccess', () => setTimeout(() => tellPage('page'), 300));
  addEventListener('popstate', () => setTimeout(() => tellPage('page'), 300));
  launch.onpointerenter = launch.onfocus = load;
  launch.onclick = () => (opened ? close() : open());
  label();
  whenBody(() => {
    document.body.append(host);
    // Somebody who has written before may have an answer waiting.
    if (recall(knownKey)) setTimeout(load, 1_500);
  });

  return ([name, value]) => {
    if (name === 'open') open();
    else if (name === 'close') close();
    else if (name === 'identify') {
      identity = (value as { token?: string | null } | undefined)?.token || null;
      tell({ yingda: 'identify', identity });
    } else if (name === 'page') {
      given = (value as typeof given | undefined) ?? {};
      tellPage('page');
    }
  };
}

/** Constructed sheets need no permission of a Content-Security-Policy; a style element is the fallback. */
function dress(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(element('style', { textContent: css }));
  }
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, values: Partial<HTMLElementTagNameMap[K]>): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), values);
}

function whenBody(run: () => void): void {
  if (document.body) run();
  else addEventListener('DOMContentLoaded', run);
}

function remember(key: string): void {
  try {
    localStorage.setItem(key, '1');
  } catch {
    // Then the badge waits until the chat is opened.
  }
}

function recall(key: string): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

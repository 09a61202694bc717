import { brandColor, icon, icons, inkOn, offset, type Look } from './look.ts';
import { css, words } from './style.ts';

/** What is asked of whoever runs the chat. */
interface Doors {
  press(): void;
  close(): void;
  near(): void;
  retry(): void;
  /** The full page's address. */
  page(): string;
}

export type Box = ReturnType<typeof makeBox>;

/**
 * Everything that is drawn on the customer's page: launcher, badge, panel,
 * notice of failure, and the line that shows a new message. It knows nothing
 * of frames' messages.
 */
export function makeBox(doors: Doors, nonce: string | undefined) {
  const host = document.createElement('yingda-chat');
  const root = host.attachShadow({ mode: 'open' });
  const box = element('div', 'box');
  const panel = element('div', 'panel');
  const badge = element('span', 'badge');
  const text = element('span', 'label');
  const face = element('span', 'face');
  let launch: HTMLElement;
  let fail: HTMLElement | null = null;
  let teaser: HTMLElement | null = null;
  let linked = false;
  let say = words.zh;

  const property = (name: string, value: string) => host.style.setProperty(name, value);

  function page(className: string): HTMLAnchorElement {
    return Object.assign(element('a', className), { href: doors.page(), target: '_blank', rel: 'noopener' });
  }

  function button(className: string, words: string, run: () => void): HTMLButtonElement {
    return Object.assign(element('button', className, words), { type: 'button', onclick: run });
  }

  function shut(label: string, run: () => void): HTMLElement {
    const out = button('shut', '✕', run);
    out.setAttribute('aria-label', label);
    return out;
  }

  /** A button; where nothing can be framed, a link to the full page. */
  function draw(): void {
    const before = launch;
    launch = linked ? page('launch') : button('launch', '', doors.press);
    launch.append(face, text, badge);
    if (!linked) launch.onpointerenter = launch.onfocus = doors.near;
    before ? before.replaceWith(launch) : box.append(launch);
  }

  function tease(draw?: typeof import('./extra.ts').teaser, name = '', line = ''): void {
    teaser?.remove();
    teaser = draw ? draw(box, name, line, doors.press, shut(say.hide, tease)) : null;
  }

  dress(root, nonce);
  face.append(icon(icons.mark), icon(icons.down));
  panel.setAttribute('role', 'dialog');
  panel.append(element('div', 'wait'));
  box.append(panel);
  draw();
  root.append(box);

  return {
    panel,
    /** Shows who wrote what above the launcher, until it is dismissed; without a way to draw takes it away. */
    tease,
    /** Beside the body, not in it: a transformed or replaced body does not take the chat along. */
    show: () => host.isConnected || document.documentElement.append(host),
    hide: () => host.remove(),
    focus: () => launch.focus(),
    /** Height left by a phone's keyboard; 0 for all of it. */
    height: (px: number) => property('--h', px ? `${px}px` : '100%'),
    frameName: () => say.panel,

    paint(look: Look, brand: string | undefined, dark: boolean, left: boolean, locale: string): void {
      const w = look.widget ?? {};
      const color = brandColor(brand);
      property('--brand', color);
      property('--ink', inkOn(color));
      property('--x', offset(w.offset_x));
      property('--y', offset(w.offset_y));
      box.classList.toggle('left', left);
      box.classList.toggle('dark', dark);
      say = locale === 'en' ? words.en : words.zh;
      text.textContent = String(w.texts?.[locale]?.launcher ?? '').slice(0, 40);
    },

    /** The state in words and shape. */
    label(opened: boolean, unread: number): void {
      const quiet = opened || !unread;
      box.classList.toggle('open', opened);
      panel.setAttribute('aria-label', say.panel);
      launch.setAttribute('aria-label', (linked ? say.page : opened ? say.close : [text.textContent, say.open].filter(Boolean).join(' · ')) + (quiet ? '' : say.unread(unread)));
      if (!linked) launch.setAttribute('aria-expanded', String(opened));
      badge.hidden = quiet;
      badge.textContent = unread > 99 ? '99+' : String(unread);
      if (quiet) tease();
    },

    /** The frame speaks, or it never will. */
    ready(): void {
      box.classList.add('ready');
      linked = false;
      draw();
      if (fail) fail.hidden = true;
    },

    failed(): void {
      linked = true;
      draw();
      if (!fail) {
        const again = button('', say.retry, () => {
          fail!.hidden = true;
          linked = false;
          draw();
          doors.retry();
        });
        const link = page('');
        link.textContent = say.page;
        fail = element('div', 'fail');
        fail.setAttribute('role', 'alert');
        fail.append(shut(say.close, doors.close), element('p', '', say.failed), link, again);
        panel.append(fail);
      }
      fail.hidden = false;
    },
  };
}

/** Constructed sheets need no permission of a Content-Security-Policy; a style element with the script's nonce is the fallback. */
function dress(root: ShadowRoot, nonce = ''): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = element('style', '', css);
    style.nonce = nonce;
    root.append(style);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text = ''): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

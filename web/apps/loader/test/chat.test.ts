import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { start, type Command } from '../src/chat.ts';
import { brandColor, inkOn } from '../src/look.ts';

const base = 'https://desk.example/';
let run: (command: Command) => void;
let posted: { message: { yingda: string; [k: string]: unknown }; target: string }[];

function parts() {
  const root = document.querySelector('yingda-chat')!.shadowRoot!;
  return {
    launch: root.querySelector<HTMLElement>('.launch')!,
    badge: root.querySelector<HTMLElement>('.badge')!,
    box: root.querySelector<HTMLElement>('div')!,
    frame: root.querySelector('iframe'),
    fail: root.querySelector<HTMLElement>('.fail'),
    label: root.querySelector<HTMLElement>('.label')!,
  };
}

/** A message as if from the frame; origin and source may be a stranger's. */
function hear(data: unknown, origin = 'https://desk.example', source: unknown = parts().frame?.contentWindow): void {
  const e = new MessageEvent('message', { data, origin });
  Object.defineProperty(e, 'source', { value: source });
  window.dispatchEvent(e);
}

/** What the server says of the inbox; undefined for no answer. */
let look: object | undefined;
const settled = () => vi.advanceTimersByTimeAsync(10);

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  look = { known: true, allowed: true, enabled: true };
  vi.stubGlobal('fetch', () => (look ? Promise.resolve(Response.json(look)) : Promise.reject(new TypeError('blocked'))));
  for (const old of document.querySelectorAll('yingda-chat')) old.remove();
  document.body.replaceChildren();
  document.title = 'Tea';
  posted = [];
  run = start({ key: 'chk_demo', base, locale: 'zh-CN', position: 'left' });
  await settled();
  const make = document.createElement.bind(document);
  vi.spyOn(document, 'createElement').mockImplementation(((tag: string) => {
    const el = make(tag);
    if (tag === 'iframe') {
      // A connected frame would load its page; here the tests speak in its name.
      Object.defineProperty(el, 'connectedCallback', { value: () => {} });
      for (const symbol of Object.getOwnPropertySymbols(Object.getPrototypeOf(el))) {
        if (symbol.description === 'connectedToDocument') Object.defineProperty(el, symbol, { value: () => {} });
      }
      const target = { postMessage: (message: (typeof posted)[0]['message'], t: string) => posted.push({ message, target: t }) };
      Object.defineProperty(el, 'contentWindow', { value: target });
      Object.defineProperty(el, 'src', { value: '', writable: true });
    }
    return el;
  }) as typeof document.createElement);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the launcher', () => {
  it('loads nothing until it is hovered, focused or opened', () => {
    expect(parts().frame).toBeNull();
    parts().launch.dispatchEvent(new Event('pointerenter'));
    const src = new URL(parts().frame!.src);
    expect(src.origin + src.pathname).toBe('https://desk.example/widget/');
    expect(Object.fromEntries(src.searchParams)).toMatchObject({ key: 'chk_demo', embed: '1', origin: 'https://shop.example', locale: 'zh-CN' });
  });

  it('loads by itself for somebody who has written before', async () => {
    run(['open']);
    hear({ yingda: 'known' });
    expect(localStorage.getItem('yingda/chk_demo/known')).toBe('1');
    document.querySelector('yingda-chat')!.remove();
    start({ key: 'chk_demo', base });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(parts().frame).not.toBeNull();
  });

  it('opens, tells its state and closes with Escape', () => {
    parts().launch.click();
    expect(parts().launch.getAttribute('aria-expanded')).toBe('true');
    expect(parts().launch.getAttribute('aria-label')).toBe('关闭聊天');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(parts().launch.getAttribute('aria-expanded')).toBe('false');
  });

  it('offers a link when the frame does not come, and takes it back when it does', () => {
    run(['open']);
    vi.advanceTimersByTime(25_000);
    expect(parts().fail!.hidden).toBe(false);
    expect(parts().fail!.querySelector('a')!.href).toBe('https://desk.example/chat/chk_demo?locale=zh-CN');
    expect(parts().launch.tagName).toBe('A');
    hear({ yingda: 'ready' });
    expect(parts().fail!.hidden).toBe(true);
    expect(parts().launch.tagName).toBe('BUTTON');
  });

  it('becomes a link soon when the frame has loaded and stays silent, as a filter leaves it', () => {
    const blocked = vi.fn();
    run(['on', 'blocked', blocked]);
    run(['open']);
    parts().frame!.onload!(new Event('load'));
    vi.advanceTimersByTime(3_001);
    expect(parts().launch.getAttribute('href')).toBe('https://desk.example/chat/chk_demo?locale=zh-CN');
    expect(parts().launch.getAttribute('aria-label')).toBe('在新页面中打开聊天');
    vi.advanceTimersByTime(1);
    expect(blocked).toHaveBeenCalled();
  });

  it('tells the owner about a policy that forbids frames, and nobody else', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    run(['open']);
    const event = Object.assign(new Event('securitypolicyviolation'), { effectiveDirective: 'frame-src', blockedURI: 'https://desk.example/widget/' });
    document.dispatchEvent(event);
    expect(warn.mock.calls[0]![0]).toContain('add https://desk.example to frame-src');
    expect(parts().launch.tagName).toBe('A');
    const before = warn.mock.calls.length;
    document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { effectiveDirective: 'img-src', blockedURI: 'https://desk.example/x' }));
    document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { effectiveDirective: 'frame-src', blockedURI: 'https://x.example/' }));
    expect(warn).toHaveBeenCalledTimes(before);
  });
});

describe('the inbox’s settings', () => {
  const again = async () => {
    for (const old of document.querySelectorAll('yingda-chat')) old.remove();
    localStorage.clear();
    run = start({ key: 'chk_demo', base, locale: 'en' });
    await settled();
  };

  it('give colour, side, distance and words', async () => {
    look = { known: true, allowed: true, enabled: true, primary: '#1d4ed8', widget: { position: 'left', offset_x: 44, offset_y: 900, texts: { en: { launcher: 'Ask us' } } } };
    await again();
    expect(parts().box.className).toContain('left');
    expect(parts().label.textContent).toBe('Ask us');
    expect(parts().launch.getAttribute('aria-label')).toBe('Ask us · Customer service: open the chat');
    const style = (document.querySelector('yingda-chat') as HTMLElement).style;
    expect(['--brand', '--x', '--y'].map((p) => style.getPropertyValue(p))).toEqual(['#1d4ed8', '44px', '20px']);
    expect(JSON.parse(localStorage.getItem('yingda/chk_demo/look')!)).toEqual(look);
  });

  it.each([
    [{ known: false, allowed: true, enabled: false }, 'no inbox has the channel key chk_demo'],
    [{ known: true, allowed: false, enabled: true }, 'https://shop.example is not an allowed site'],
    [{ known: true, allowed: true, enabled: false }, 'switched off'],
  ])('%o: nothing is shown, and the console says why', async (answer, why) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    look = answer;
    await again();
    expect(document.querySelector('yingda-chat')).toBeNull();
    expect(warn.mock.calls[0]![0]).toContain(why);
    run(['open']);
    expect(document.querySelector('yingda-chat')).toBeNull();
  });

  it('are not needed: without an answer the pasted line’s values do', async () => {
    look = undefined;
    await again();
    expect(parts().launch).not.toBeNull();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(document.querySelectorAll('yingda-chat')).toHaveLength(1);
  });
});

describe('talking with the frame', () => {
  it('hears only its own frame at the desk’s origin', () => {
    run(['open']);
    run(['close']);
    for (const [origin, source] of [['https://evil.example', undefined], ['https://desk.example', window]] as const) {
      hear({ yingda: 'unread', count: 3 }, origin, source ?? parts().frame!.contentWindow);
    }
    hear(null);
    hear('text');
    expect(parts().badge.hidden).toBe(true);
    hear({ yingda: 'unread', count: 3 });
    expect(parts().badge.textContent).toBe('3');
    expect(parts().launch.getAttribute('aria-label')).toContain('3 条未读消息');
  });

  it('tells the token to the desk’s origin only, and only once the frame is ready', () => {
    run(['open']);
    run(['identify', { token: 'jwt' }]);
    expect(posted).toEqual([]);
    hear({ yingda: 'ready' });
    expect(posted).toEqual([{ message: { yingda: 'init', identity: 'jwt', open: true, locale: 'zh-CN', theme: 'auto', product: null, page: { url: 'https://shop.example/p/1', title: 'Tea' } }, target: 'https://desk.example' }]);
    run(['identify', { token: null }]);
    expect(posted.at(-1)!.message).toEqual({ yingda: 'identify', identity: null });
  });

  it('passes on the page, once per change', () => {
    run(['open']);
    hear({ yingda: 'ready' });
    const before = posted.length;
    run(['page', { url: 'https://shop.example/p/2', title: 'Pot' }]);
    run(['page', { url: 'https://shop.example/p/2', title: 'Pot' }]);
    expect(posted.slice(before).map((p) => p.message.page)).toEqual([{ url: 'https://shop.example/p/2', title: 'Pot' }]);
  });

  it.each([
    [-5, '0'],
    [NaN, '0'],
    [7.9, '7'],
    [1000, '99+'],
  ])('shows a count of %s as %s', (count, text) => {
    run(['open']);
    run(['close']);
    hear({ yingda: 'unread', count });
    expect(parts().badge.textContent).toBe(text);
    expect(parts().badge.hidden).toBe(text === '0');
  });
});

describe('colour', () => {
  it.each([
    ['#F59E0B', '#F59E0B', '#0f172a'],
    ['#047857', '#047857', '#ffffff'],
    ['red;}*{display:none', '#047857', '#ffffff'],
    [undefined, '#047857', '#ffffff'],
  ])('takes %s as %s with ink %s', (given, color, ink) => {
    expect(brandColor(given)).toBe(color);
    expect(inkOn(color)).toBe(ink);
  });
});

describe('commands', () => {
  it('pass on what the page says', () => {
    run(['open', { text: '想问耳机' }]);
    hear({ yingda: 'ready' });
    expect(posted[0]!.message).toMatchObject({ yingda: 'init', open: true, text: '想问耳机' });
    run(['product', { title: '耳机', price: '¥699' }]);
    expect(posted.at(-1)!.message).toMatchObject({ yingda: 'page', product: { title: '耳机', price: '¥699' } });
    run(['locale', 'en']);
    expect(posted.at(-1)!.message).toEqual({ yingda: 'locale', locale: 'en' });
    expect(parts().launch.getAttribute('aria-label')).toBe('Close the chat');
    run(['theme', 'dark']);
    expect(parts().box.className).toContain('dark');
    run(['track', 'basket', { items: 2 }]);
    expect(posted.at(-1)!.message).toEqual({ yingda: 'track', name: 'basket', props: { items: 2 } });
    run(['consent', true]);
    expect(posted.at(-1)!.message).toEqual({ yingda: 'consent', granted: true });
  });

  it('hide and show, and open also what is hidden', () => {
    run(['hide']);
    expect(document.querySelector('yingda-chat')).toBeNull();
    run(['open']);
    expect(document.querySelector('yingda-chat')).not.toBeNull();
    run(['close']);
    expect(document.querySelector('yingda-chat')).toBeNull();
    run(['show']);
    expect(document.querySelector('yingda-chat')).not.toBeNull();
  });

  it('tell the page what happens', () => {
    const heard: unknown[] = [];
    for (const name of ['open', 'ready', 'unread', 'message', 'close']) run(['on', name, (v: unknown) => heard.push([name, v])]);
    run(['open']);
    hear({ yingda: 'ready' });
    run(['close']);
    hear({ yingda: 'unread', count: 2 });
    hear({ yingda: 'message', name: '林小满', text: '有货' });
    vi.advanceTimersByTime(1);
    expect(heard).toEqual([['open', undefined], ['ready', undefined], ['close', undefined], ['unread', 2], ['message', { name: '林小满', text: '有货' }]]);
  });

  it('that do not exist are named in the console', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    run(['constructor']);
    run(['dance']);
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

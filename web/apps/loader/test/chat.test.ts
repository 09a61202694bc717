import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { start, type Command } from '../src/chat.ts';
import { brandColor, inkOn } from '../src/look.ts';

const base = 'https://desk.example/';
let run: (command: Command) => void;
let posted: { message: { yingda: string; [k: string]: unknown }; target: string }[];

function parts() {
  const root = document.querySelector('yingda-chat')!.shadowRoot!;
  return {
    launch: root.querySelector<HTMLButtonElement>('.launch')!,
    badge: root.querySelector<HTMLElement>('.badge')!,
    box: root.querySelector<HTMLElement>('div')!,
    frame: root.querySelector('iframe'),
    fail: root.querySelector<HTMLElement>('.fail'),
  };
}

/** A message as if from the frame; origin and source may be a stranger's. */
function hear(data: unknown, origin = 'https://desk.example', source: unknown = parts().frame?.contentWindow): void {
  const e = new MessageEvent('message', { data, origin });
  Object.defineProperty(e, 'source', { value: source });
  window.dispatchEvent(e);
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  document.body.replaceChildren();
  document.title = 'Tea';
  posted = [];
  run = start({ key: 'chk_demo', base, locale: 'zh-CN', position: 'left' });
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

  it('loads by itself for somebody who has written before', () => {
    run(['open']);
    hear({ yingda: 'known' });
    expect(localStorage.getItem('yingda/chk_demo/known')).toBe('1');
    document.body.replaceChildren();
    start({ key: 'chk_demo', base });
    vi.advanceTimersByTime(2_000);
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
    vi.advanceTimersByTime(12_000);
    expect(parts().fail!.hidden).toBe(false);
    expect(parts().fail!.querySelector('a')!.href).toBe('https://desk.example/widget/?key=chk_demo&locale=zh-CN');
    hear({ yingda: 'ready' });
    expect(parts().fail!.hidden).toBe(true);
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
    expect(posted).toEqual([{ message: { yingda: 'init', identity: 'jwt', open: true, page: { url: 'https://shop.example/p/1', title: 'Tea' } }, target: 'https://desk.example' }]);
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

import type { Page } from '@yingda/sdk';

/** What the page around the frame tells us. */
export interface FromPage {
  yingda: 'init' | 'open' | 'closed' | 'identify' | 'page' | 'locale' | 'theme' | 'track' | 'consent';
  identity?: string | null;
  open?: boolean;
  page?: Page;
  product?: unknown;
  text?: string;
  locale?: string;
  theme?: string;
  name?: unknown;
  props?: unknown;
  granted?: unknown;
}

/** What we tell it. */
export type ToPage =
  | { yingda: 'ready' | 'close' | 'known' }
  | { yingda: 'unread'; count: number }
  | { yingda: 'message'; name: string; text: string }
  | { yingda: 'language'; locale: string }
  | { yingda: 'refused'; reason: string };

export const query = new URLSearchParams(location.search);
/** The one origin that is heard; without it the widget is a page of its own. */
const origin = query.get('origin') ?? '';

export const embedded = query.get('embed') === '1' && window.parent !== window && /^https?:\/\//.test(origin);
/** The designer at the desk shows the widget without a network. */
export const previewing = query.get('preview') === '1' && window.parent !== window;

/** The channel key: of the frame's address, or of the full page's path /chat/<key>. */
export const channelKey = query.get('key') ?? decodeURIComponent(/\/chat\/([^/]+)/.exec(location.pathname)?.[1] ?? '');

/** Tells the page around the frame; it reaches nobody but the origin named at the start. */
export function tellPage(message: ToPage): void {
  if (embedded) window.parent.postMessage(message, origin);
}

/** Hears the page around the frame, and nobody else. */
export function hearPage(hear: (message: FromPage) => void): void {
  if (!embedded) return;
  addEventListener('message', (e: MessageEvent<FromPage | null>) => {
    if (e.source !== window.parent || e.origin !== origin) return;
    if (typeof e.data === 'object' && e.data && typeof e.data.yingda === 'string') hear(e.data);
  });
}

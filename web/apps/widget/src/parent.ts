import type { Page } from '@yingda/sdk';

/** What the page around the frame tells us. */
export interface FromPage {
  yingda: 'init' | 'open' | 'closed' | 'identify' | 'page';
  identity?: string | null;
  open?: boolean;
  page?: Page;
}

const query = new URLSearchParams(location.search);
/** The one origin that is heard; without it the widget is a page of its own. */
const origin = query.get('origin') ?? '';

export const embedded = query.get('embed') === '1' && window.parent !== window && /^https?:\/\//.test(origin);

/** Tells the page around the frame; it reaches nobody but the origin named at the start. */
export function tellPage(message: { yingda: 'ready' | 'close' | 'unread' | 'known'; count?: number }): void {
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

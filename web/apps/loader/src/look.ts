/** Paths of the two faces of the button. The mark: a speech bubble whose tail turns into a tick. */
export const icons = {
  mark: { box: 24, size: 28, width: 2.3, path: 'M20 7.6A4.6 4.6 0 0 0 15.4 3H7.6A4.6 4.6 0 0 0 3 7.6v3.8A4.6 4.6 0 0 0 7.6 16h1l3.6 4.6L21.4 10.6' },
  down: { box: 24, size: 26, width: 2.2, path: 'M6 9.5l6 6 6-6' },
};

/** Built node by node: pages with Trusted Types forbid markup from text. */
export function icon({ box, size, width, path }: (typeof icons)['mark']): SVGElement {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const line = document.createElementNS(ns, 'path');
  const set = (node: Element, values: Record<string, string | number>) => {
    for (const [k, v] of Object.entries(values)) node.setAttribute(k, String(v));
  };
  set(svg, { viewBox: `0 0 ${box} ${box}`, width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': width });
  set(svg, { 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' });
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/**
 * Lives in the shadow tree, so the page's rules do not reach it; :host rules
 * are !important because inner important rules win over outer ones.
 */
export const css = `
:host{all:initial!important;position:fixed!important;z-index:2147483000!important;inset:auto!important;display:block!important;visibility:visible!important;opacity:1!important;width:0!important;height:0!important}
*{box-sizing:border-box}
.launch{position:fixed;bottom:calc(20px + env(safe-area-inset-bottom,0px));width:56px;height:56px;padding:0;border:0;border-radius:50%;cursor:pointer;color:var(--ink);background:var(--brand);display:grid;place-items:center;box-shadow:0 1px 2px rgba(2,6,23,.16),0 8px 24px rgba(2,6,23,.2);transition:transform .15s ease-out,box-shadow .15s ease-out;-webkit-tap-highlight-color:transparent}
.launch:hover{transform:translateY(-2px);box-shadow:0 2px 4px rgba(2,6,23,.16),0 12px 28px rgba(2,6,23,.26)}
.launch:focus-visible,.fail a:focus-visible,.fail button:focus-visible{outline:3px solid var(--brand);outline-offset:3px}
.launch svg{grid-area:1/1;transition:opacity .15s ease-out,transform .15s ease-out}
.launch svg+svg,.open .launch svg:first-child{opacity:0;transform:scale(.6)}
.open .launch svg+svg{opacity:1;transform:none}
.badge{position:absolute;top:-3px;inset-inline-end:-3px;min-width:20px;height:20px;padding:0 6px;border-radius:10px;background:#dc2626;color:#fff;font:600 12px/20px system-ui,sans-serif;text-align:center;font-variant-numeric:tabular-nums}
.badge[hidden]{display:none}
.panel{position:fixed;bottom:calc(88px + env(safe-area-inset-bottom,0px));width:380px;height:min(640px,calc(100vh - 108px));border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 0 0 1px rgba(2,6,23,.06),0 12px 48px rgba(2,6,23,.22);visibility:hidden;opacity:0;transform:translateY(8px);transition:opacity .16s ease-out,transform .16s ease-out,visibility 0s .16s}
.dark .panel{background:#0f172a;box-shadow:0 0 0 1px rgba(148,163,184,.2),0 12px 48px rgba(0,0,0,.6)}
.open .panel{visibility:visible;opacity:1;transform:none;transition:opacity .16s ease-out,transform .16s ease-out}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;color-scheme:normal}
.right .launch,.right .panel{right:20px}
.left .launch,.left .panel{left:20px}
.fail{position:absolute;inset:0;padding:32px;display:grid;place-content:center;gap:16px;text-align:center;font:15px/1.6 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Segoe UI",Roboto,sans-serif;color:#334155;background:inherit}
.dark .fail{color:#cbd5e1}
.fail[hidden]{display:none}
.fail p{margin:0}
.fail a{display:inline-block;padding:9px 18px;border-radius:10px;background:var(--brand);color:var(--ink);text-decoration:none}
.fail button{padding:8px;border:0;background:none;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}
@media (max-width:480px),(max-height:480px){.open .launch{visibility:hidden}.right .panel,.left .panel{inset:0;width:auto;height:auto;border-radius:0;box-shadow:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media (forced-colors:active){.launch{border:2px solid}}
@media print{:host{display:none!important}}
`;

export const words = {
  zh: {
    open: '在线客服，打开聊天',
    close: '关闭聊天',
    panel: '在线客服聊天窗口',
    unread: (n: number) => `，${n} 条未读消息`,
    failed: '聊天窗口没有加载出来，可能是网络较慢，或被浏览器插件拦截。',
    page: '在新页面中打开聊天',
    retry: '再试一次',
  },
  en: {
    open: 'Customer service: open the chat',
    close: 'Close the chat',
    panel: 'Customer service chat',
    unread: (n: number) => `, ${n} unread ${n === 1 ? 'message' : 'messages'}`,
    failed: 'The chat did not load. The network may be slow, or a browser extension may block it.',
    page: 'Open the chat in a new page',
    retry: 'Try again',
  },
};

/** #rrggbb, or the house's green for anything else: the value comes from a page. */
export function brandColor(wanted: string | undefined): string {
  return /^#[0-9a-f]{6}$/i.test(wanted ?? '') ? wanted! : '#047857';
}

/** White or near-black, whichever reads better on the colour (WCAG 2.2 contrast). */
export function inkOn(color: string): string {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(color.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (luminance + 0.05) >= 4.5 ? '#ffffff' : '#0f172a';
}

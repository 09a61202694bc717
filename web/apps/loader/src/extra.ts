/**
 * What the launcher can do without at first: it comes when the frame does.
 * An ES module, while the pasted script is a classic one.
 */
export { described } from './product.ts';

const css = `
.teaser{position:fixed;right:var(--x);bottom:calc(var(--y) + 72px + env(safe-area-inset-bottom,0px));display:flex;width:max-content;max-width:min(320px,calc(100vw - 40px));border-radius:16px;color:#0f172a;background:#fff;box-shadow:0 0 0 1px rgba(2,6,23,.06),0 8px 32px rgba(2,6,23,.2);animation:rise .16s ease-out}
.dark .teaser{color:#e2e8f0;background:#1e293b;box-shadow:0 0 0 1px rgba(148,163,184,.2),0 8px 32px rgba(0,0,0,.5)}
.teaser button{border:0;background:none;color:inherit;text-align:start;padding:12px 4px 12px 16px;border-radius:16px;overflow:hidden}
.teaser b,.teaser span{display:block;overflow:hidden;text-overflow:ellipsis}
.teaser b{font-size:13px;line-height:1.5;opacity:.8;white-space:nowrap}
.teaser span{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow-wrap:anywhere}
.teaser .shut{flex:none;align-self:start;padding:8px}
@keyframes rise{from{opacity:0;transform:translateY(6px)}}
@media (prefers-reduced-motion:reduce){.teaser{animation:none}}
@media (forced-colors:active){.teaser{border:2px solid}}
`;

/** The line above the launcher that shows who wrote what. */
export function teaser(box: HTMLElement, name: string, text: string, press: () => void, shut: HTMLElement): HTMLElement {
  const root = box.getRootNode() as ShadowRoot;
  if (root.adoptedStyleSheets?.length === 1) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  }
  const more = document.createElement('button');
  const who = document.createElement('b');
  const line = document.createElement('span');
  const out = document.createElement('div');
  more.type = 'button';
  who.textContent = name;
  line.textContent = text;
  more.append(who, line);
  more.onclick = press;
  out.className = 'teaser';
  out.setAttribute('role', 'status');
  out.append(more, shut);
  box.append(out);
  return out;
}

const font = '-apple-system,"PingFang SC","Microsoft YaHei",system-ui,sans-serif';

/**
 * Lives in the shadow tree, so the page's rules do not reach it; :host rules
 * are !important because inner important rules win over outer ones. The side
 * is physical: the page's writing direction does not move the chat.
 */
export const css = `
:host{all:initial!important;direction:ltr!important;position:fixed!important;z-index:2147483647!important;font:15px/1.6 ${font}!important}
*{box-sizing:border-box}
[hidden]{display:none!important}
button{font:inherit;cursor:pointer;-webkit-tap-highlight-color:transparent}
.launch,.panel{position:fixed;right:var(--x)}
.left>*{right:auto;left:var(--x)}
.launch{bottom:calc(var(--y) + env(safe-area-inset-bottom,0px));min-width:56px;height:56px;padding:0;border:0;border-radius:28px;color:var(--ink);background:var(--brand);display:flex;align-items:center;text-decoration:none;box-shadow:0 1px 2px rgba(2,6,23,.16),0 8px 24px rgba(2,6,23,.2);transition:transform .15s ease-out}
.launch:hover{transform:translateY(-2px)}
:focus-visible{outline:3px solid var(--brand);outline-offset:3px}
svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.face{display:grid;place-items:center;width:56px;height:56px;flex:none}
.face svg{grid-area:1/1;transition:.15s ease-out}
.face svg+svg,.open .face svg:first-child{opacity:0;transform:scale(.6)}
.open .face svg+svg{opacity:1;transform:none}
.label{padding-right:22px;margin-left:-4px;font-weight:600;white-space:nowrap;max-width:180px;overflow:hidden;text-overflow:ellipsis}
.open .label,.label:empty{display:none}
.badge{position:absolute;top:-4px;right:-4px;min-width:20px;height:20px;padding:0 6px;border-radius:10px;background:#dc2626;color:#fff;font-size:12px;line-height:20px;text-align:center;box-shadow:0 0 0 2px #fff}
.panel{bottom:calc(var(--y) + 68px + env(safe-area-inset-bottom,0px));width:380px;height:min(640px,calc(100vh - var(--y) - 88px));border-radius:16px;overflow:hidden;color:#334155;background:#fff;box-shadow:0 0 0 1px rgba(2,6,23,.06),0 12px 48px rgba(2,6,23,.22);visibility:hidden;opacity:0;transform:translateY(8px);transition:.16s ease-out,visibility 0s .16s}
.dark .panel{color:#cbd5e1;background:#0f172a;box-shadow:0 0 0 1px rgba(148,163,184,.2),0 12px 48px rgba(0,0,0,.6)}
.open .panel{visibility:visible;opacity:1;transform:none;transition:.16s ease-out,visibility 0s}
.wait{position:absolute;top:50%;left:50%;width:28px;height:28px;margin:-14px;border-radius:50%;border:3px solid;border-right-color:transparent;opacity:.5;animation:turn .9s linear infinite}
.ready .wait{display:none}
@keyframes turn{to{transform:rotate(1turn)}}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;color-scheme:normal;opacity:0}
.ready iframe{opacity:1}
.fail{position:absolute;inset:0;padding:32px;display:grid;place-content:center;gap:16px;text-align:center;background:inherit}
.fail p{margin:0}
.fail a{justify-self:center;padding:9px 18px;border-radius:10px;background:var(--brand);color:var(--ink);text-decoration:none}
.fail button{padding:8px;border:0;background:none;color:inherit;text-decoration:underline;text-underline-offset:3px}
.fail .shut{position:absolute;top:6px;right:6px;padding:8px 12px;text-decoration:none}
@media (max-width:480px),(max-height:480px){.open .launch{visibility:hidden}.box .panel{inset:0;width:auto;height:var(--h,100%);border-radius:0;box-shadow:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation-duration:4s!important}}
@media (forced-colors:active){.launch,.panel{border:2px solid}}
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
    hide: '收起提示',
  },
  en: {
    open: 'Customer service: open the chat',
    close: 'Close the chat',
    panel: 'Customer service chat',
    unread: (n: number) => `, ${n} unread ${n === 1 ? 'message' : 'messages'}`,
    failed: 'The chat did not load. The network may be slow, or a browser extension may block it.',
    page: 'Open the chat in a new page',
    retry: 'Try again',
    hide: 'Dismiss',
  },
};

import './welcome.css';
import { rememberedLanguage, rememberLanguage } from './remembered.ts';

const zh = Object.fromEntries([...document.querySelectorAll<HTMLElement>('[data-t]')].map((el) => [el.dataset.t!, el.textContent ?? '']));
const en: Record<string, string> = {
  title: 'Every question gets its answer',
  lead: 'Yingda is a customer-service platform for your own server: website chat, a workspace for agents, messages never lost or repeated. One program, one command.',
  goDemo: 'Open the demo shop',
  goDesk: 'Open the agents’ desk',
  try: 'Try it in two minutes',
  s1: 'Ask in the shop',
  s1p: 'Open the demo shop, press the bubble at the lower right and write a line.',
  s2: 'Answer at the desk',
  s2p: 'Open the desk in another window; the demo account is filled in.',
  s3: 'Reload, unplug, restart',
  s3p: 'Messages wait and arrive by themselves: none lost, none twice, none out of order.',
  h5: 'Full-page chat',
  paste: 'Put it on your site',
  pasteP: 'Paste this line into a page and the chat bubble appears.',
  api: 'API documentation for developers',
  foot: 'Yingda · Apache-2.0 · needs no outside service',
};

const button = document.querySelector<HTMLButtonElement>('#language')!;
let chinese = (rememberedLanguage() ?? (/^zh/i.test(navigator.language) ? 'zh' : 'en')) === 'zh';

function show(): void {
  const words = chinese ? zh : en;
  document.documentElement.lang = chinese ? 'zh-CN' : 'en';
  for (const el of document.querySelectorAll<HTMLElement>('[data-t]')) el.textContent = words[el.dataset.t!] ?? '';
  button.textContent = chinese ? 'English' : '中文';
  button.lang = chinese ? 'en' : 'zh-CN';
}

button.onclick = () => {
  chinese = !chinese;
  rememberLanguage(chinese ? 'zh' : 'en');
  show();
};
document.querySelector('#line')!.textContent = `<script async src="${location.origin}/loader.js" data-channel-key="chk_demo"></script>`;
show();

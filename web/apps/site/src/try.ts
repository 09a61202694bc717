import './welcome.css';
import './try.css';

/** A page that stands for a customer's site: the chat of the inbox whose key is in the address, as a visitor meets it. */
const zh = {
  title: '这是一个测试页',
  lead: '当作你的网站：点右下角的气泡，以访客身份发一句话，再到工作台回答。',
  desk: '去工作台',
  missing: '地址里没有渠道密钥',
  missingLead: '请从「设置 · 网页聊天」里打开测试页。',
};
const en: typeof zh = {
  title: 'This is a test page',
  lead: 'Think of it as your site: press the bubble at the lower right, write a line as a visitor, then answer at the desk.',
  desk: 'Go to the desk',
  missing: 'There is no channel key in the address',
  missingLead: 'Open the test page from Settings, Web chat.',
};

const chinese = /^zh/i.test(navigator.language);
const words = chinese ? zh : en;
const key = new URLSearchParams(location.search).get('key') ?? '';
const known = /^chk_[a-z0-9_]{4,60}$/.test(key);

document.documentElement.lang = chinese ? 'zh-CN' : 'en';
document.querySelector('#title')!.textContent = known ? words.title : words.missing;
document.querySelector('#lead')!.textContent = known ? words.lead : words.missingLead;
const link = document.createElement('a');
link.className = 'side';
link.href = '/desk/';
link.textContent = words.desk;
document.querySelector('#go')!.append(link);

if (!known) document.querySelector('.bones')!.remove();
else {
  const script = document.createElement('script');
  script.async = true;
  script.src = '/loader.js';
  script.dataset.channelKey = key;
  document.body.append(script);
}

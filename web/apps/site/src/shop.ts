import './shop.css';
import { pictureFile, pictures } from './pictures.ts';

interface Product {
  id: string;
  group: string;
  name: string;
  detail: string;
  price: number;
  was?: number;
  mark?: string;
  tint: string;
}

const products: Product[] = [
  { id: 'washer', group: 'home-appliance', name: '静语 10 公斤滚筒洗衣机', detail: '直驱变频 · 蒸汽除菌 · 三年质保', price: 2399, was: 2899, mark: '直降 500', tint: 'teal' },
  { id: 'kettle', group: 'home-appliance', name: '山泉恒温电水壶 1.7 升', detail: '五档控温 · 316 不锈钢内胆', price: 169, tint: 'sand' },
  { id: 'cooker', group: 'home-appliance', name: '粒粒 IH 电饭煲 4 升', detail: '24 小时预约 · 柴火饭模式', price: 459, was: 529, tint: 'sand' },
  { id: 'headphones', group: 'digital', name: '屿 头戴式降噪耳机', detail: '40 小时续航 · 双设备连接', price: 699, mark: '新品', tint: 'slate' },
  { id: 'speaker', group: 'digital', name: '木白 便携蓝牙音箱', detail: 'IPX7 防水 · 立体声组队', price: 299, tint: 'sand' },
  { id: 'lamp', group: 'living', name: '读光 护眼台灯', detail: 'AA 级照度 · 无可视频闪', price: 239, tint: 'teal' },
  { id: 'backpack', group: 'living', name: '行止 通勤双肩包 20 升', detail: '防泼水 · 16 寸电脑仓', price: 189, was: 229, tint: 'slate' },
  { id: 'tea', group: 'living', name: '武夷岩茶 大红袍 100 克', detail: '当季新茶 · 产地直发', price: 128, mark: '回购榜第一', tint: 'teal' },
];

type Chat = { (...command: unknown[]): void; q?: unknown[] };
const page = window as unknown as { yingda?: Chat };
// The stand-in that keeps commands until the pasted script has loaded.
page.yingda ??= Object.assign((...command: unknown[]) => void (page.yingda!.q ??= []).push(command), {});

function element(tag: string, className: string, text = ''): HTMLElement {
  const el = document.createElement(tag);
  if (className) el.className = className;
  el.textContent = text;
  return el;
}

/** Tells the chat which product is asked about; the visitor may send it with one tap. */
function askAbout(p: Product): void {
  const url = `${location.origin}/demo#${p.id}`;
  page.yingda!('page', { url, title: p.name });
  page.yingda!('product', { title: p.name, url, image_url: `${location.origin}/site/${pictureFile(p.id)}`, price: `¥${yuan.format(p.price)}` });
  page.yingda!('open');
}

/** The drawings are this file's own constants; no outside text goes through here. */
function picture(id: string): SVGElement {
  const svg = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" fill="none">${pictures[id]}</svg>`, 'image/svg+xml');
  return document.importNode(svg.documentElement, true) as unknown as SVGElement;
}

const yuan = new Intl.NumberFormat('zh-CN');
let inCart = 0;

function card(p: Product): HTMLElement {
  const el = element('article', 'product');
  el.id = p.id;
  const stage = element('div', `stage ${p.tint}`);
  stage.setAttribute('aria-hidden', 'true');
  stage.append(picture(p.id));
  const body = element('div', 'body');
  const price = element('p', 'price', `¥${yuan.format(p.price)}`);
  if (p.was) price.append(element('s', '', `¥${yuan.format(p.was)}`));
  const buy = element('button', 'add', '加入购物车') as HTMLButtonElement;
  buy.type = 'button';
  buy.setAttribute('aria-label', `把${p.name}加入购物车`);
  buy.onclick = () => {
    document.querySelector('#count')!.textContent = String(++inCart);
  };
  const ask = element('button', 'ask', '咨询') as HTMLButtonElement;
  ask.type = 'button';
  ask.setAttribute('aria-label', `咨询${p.name}`);
  ask.onclick = () => askAbout(p);
  const act = element('p', 'act');
  act.append(buy, ask);
  if (p.mark) stage.append(element('span', 'mark', p.mark));
  body.append(element('h3', '', p.name), element('p', 'detail', p.detail), price, act);
  el.append(stage, body);
  return el;
}

const grid = document.querySelector('#products')!;
let group = '';
for (const p of products) {
  const el = card(p);
  // The first of each group is what the menu leads to.
  if (p.group !== group) el.prepend(Object.assign(element('span', 'anchor'), { id: (group = p.group) }));
  grid.append(el);
}
document.querySelector('.hero .stage')!.append(picture('washer'));
document.querySelector<HTMLButtonElement>('.hero .ask')!.onclick = () => askAbout(products[0]!);

/** A chapter of the help that is led to, by a link or by the source of an answer, opens. */
function openChapter(): void {
  const chapter = location.hash.length > 1 ? document.querySelector(`.help > details[id="${CSS.escape(location.hash.slice(1))}"]`) : null;
  if (!(chapter instanceof HTMLDetailsElement)) return;
  chapter.open = true;
  chapter.scrollIntoView();
}
addEventListener('hashchange', openChapter);
openChapter();

import './docs.css';
import { rememberedLanguage, rememberLanguage } from './remembered.ts';
import { groups as groupNames, operations as operationNames } from './operations.zh.ts';
import { curl, methods, resolve, sample, typeName, type Document, type Operation, type Schema } from './openapi.ts';

const words = {
  zh: {
    other: 'English', loading: '正在读取接口说明…', failed: '没有读到接口说明。请确认服务正在运行，然后刷新页面。', menu: '接口目录',
    intro: '客服端接口。用 API 令牌（Authorization: Bearer ydt_…）或登录会话调用；每个写操作都需要 Idempotency-Key，重复的请求得到第一次的结果。',
    parameters: '参数', body: '请求内容', answers: '返回', example: '示例', required: '必填', name: '名称', type: '类型', meaning: '说明', general: '其他',
    search: '搜索接口', found: (n: number) => `找到 ${n} 个接口`, copy: '复制', copied: '已复制',
  },
  en: {
    other: '中文', loading: 'Reading the description…', failed: 'The description could not be read. Check that the server runs and reload the page.', menu: 'Operations',
    intro: 'The agents’ API. Call it with an API token (Authorization: Bearer ydt_…) or a session. Every command needs an Idempotency-Key; a repeat gets the first answer.',
    parameters: 'Parameters', body: 'Request', answers: 'Answers', example: 'Example', required: 'required', name: 'Name', type: 'Type', meaning: 'Meaning', general: 'Other',
    search: 'Search operations', found: (n: number) => `${n} operations found`, copy: 'Copy', copied: 'Copied',
  },
};

let language: keyof typeof words = /^zh/i.test(rememberedLanguage() ?? navigator.language) ? 'zh' : 'en';
let doc: Document | null | undefined;

const menu = document.querySelector<HTMLElement>('#menu')!;
const content = document.querySelector<HTMLElement>('#content')!;
const search = document.querySelector<HTMLInputElement>('#search')!;
const found = document.querySelector<HTMLElement>('#found')!;
const button = document.querySelector<HTMLButtonElement>('#language')!;

function el(tag: string, className = '', ...children: (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function code(text: string): HTMLElement {
  const pre = el('pre', '', el('code', '', text));
  pre.tabIndex = 0;
  return pre;
}

/** Text in which `this` is code. */
function marked(text: string): (Node | string)[] {
  return text.split('`').map((part, i) => (i % 2 ? el('code', '', part) : part));
}

/** A command with a button that copies it. */
function command(text: string): HTMLElement {
  const t = words[language];
  const copy = el('button', 'copy', t.copy) as HTMLButtonElement;
  copy.type = 'button';
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No right to, or no clipboard at all on plain http: the text is selected, ready for the keyboard.
      getSelection()?.selectAllChildren(box.querySelector('code')!);
      return;
    }
    copy.textContent = t.copied;
    setTimeout(() => (copy.textContent = t.copy), 1500);
  };
  const box = el('div', 'command', code(text), copy);
  return box;
}

function table(rows: { name: string; type: string; required: boolean; meaning: string }[]): HTMLElement {
  const t = words[language];
  const body = el('tbody');
  for (const r of rows) {
    const name = el('td', '', el('code', '', r.name));
    if (r.required) name.append(' ', el('em', '', t.required));
    body.append(el('tr', '', name, el('td', '', el('code', 'type', r.type)), el('td', '', r.meaning)));
  }
  const head = el('thead', '', el('tr', '', el('th', '', t.name), el('th', '', t.type), el('th', '', t.meaning)));
  const box = el('div', 'scroll', el('table', '', head, body));
  box.tabIndex = 0;
  return box;
}

function fields(schema: Schema): HTMLElement {
  return table(
    Object.entries(schema.properties ?? {})
      .filter(([name]) => name !== '$schema')
      .map(([name, s]) => ({ name, type: typeName(s), required: schema.required?.includes(name) ?? false, meaning: s.description ?? '' })),
  );
}

/** What an operation is called in the reader's language. */
function title(op: Operation): string {
  return (language === 'zh' && operationNames[op.operationId ?? '']) || (op.summary ?? '');
}

function section(api: Document, method: string, path: string, op: Operation, id: string): HTMLElement {
  const t = words[language];
  const details = el('details', 'operation');
  details.id = id;
  details.dataset.words = `${method} ${path} ${op.operationId ?? ''} ${op.summary ?? ''} ${title(op)} ${op.description ?? ''}`.toLowerCase();
  const summary = el('summary', '', el('b', `method ${method}`, method.toUpperCase()), el('code', 'path', path), el('span', '', title(op)));
  details.append(summary);
  if (op.description) details.append(el('p', '', ...marked(op.description)));
  if (op.parameters?.length) {
    details.append(el('h3', '', t.parameters));
    details.append(table(op.parameters.map((p) => ({ name: p.name, type: `${p.in}: ${typeName(p.schema ?? {})}`, required: p.required ?? false, meaning: p.description ?? '' }))));
  }
  const body = op.requestBody?.content?.['application/json']?.schema;
  if (body) details.append(el('h3', '', t.body), fields(resolve(api, body)));
  details.append(el('h3', '', t.example), command(curl(api, location.origin, method, path, op)));
  details.append(el('h3', '', t.answers));
  for (const [status, answer] of Object.entries(op.responses ?? {})) {
    details.append(el('p', 'status', el('b', '', status), ` ${answer.description ?? ''}`));
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    if (schema && status.startsWith('2')) details.append(code(JSON.stringify(sample(api, schema), null, 2)));
  }
  return details;
}

function show(): void {
  const t = words[language];
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  button.textContent = t.other;
  menu.setAttribute('aria-label', t.menu);
  search.placeholder = t.search;
  search.setAttribute('aria-label', t.search);
  menu.replaceChildren();
  content.replaceChildren(el('h1', '', doc ? `${doc.info.title} ${doc.info.version}` : 'API'));
  content.append(el('p', 'intro', doc === undefined ? t.loading : doc === null ? t.failed : t.intro));
  if (!doc) return;
  const groups = new Map<string, [string, string, Operation][]>();
  for (const [path, operations] of Object.entries(doc.paths)) {
    for (const method of methods) {
      const op = operations[method];
      if (!op) continue;
      const tag = op.tags?.[0] ?? path.split('/')[3] ?? t.general;
      groups.set(tag, [...(groups.get(tag) ?? []), [method, path, op]]);
    }
  }
  for (const [tag, operations] of groups) {
    const heading = (language === 'zh' && groupNames[tag]) || tag;
    const group = el('section', 'group', el('h2', '', heading));
    const links = el('div', 'group', el('p', '', heading));
    content.append(group);
    menu.append(links);
    for (const [method, path, op] of operations) {
      const id = op.operationId ?? `${method}-${path}`;
      group.append(section(doc, method, path, op, id));
      const link = el('a', '', title(op) || path) as HTMLAnchorElement;
      link.href = `#${encodeURIComponent(id)}`;
      links.append(link);
    }
  }
  filter();
  reveal();
}

/** Shows the operations that hold every word of the search box. */
function filter(): void {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const details of content.querySelectorAll<HTMLElement>('.operation')) {
    details.hidden = !wanted.every((w) => details.dataset.words!.includes(w));
    if (!details.hidden) n++;
    const link = menu.querySelector<HTMLElement>(`a[href="#${encodeURIComponent(details.id)}"]`);
    if (link) link.hidden = details.hidden;
  }
  for (const group of document.querySelectorAll<HTMLElement>('.group')) {
    group.hidden = !group.querySelector('.operation:not([hidden]), a:not([hidden])');
  }
  found.textContent = wanted.length ? words[language].found(n) : '';
}

/** Opens the operation that the address names. */
function reveal(): void {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted instanceof HTMLDetailsElement) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}

button.onclick = () => {
  language = language === 'zh' ? 'en' : 'zh';
  rememberLanguage(language);
  show();
};
search.oninput = filter;
addEventListener('hashchange', reveal);
addEventListener('keydown', (e) => {
  if (e.key === '/' && !(e.target instanceof HTMLInputElement)) {
    e.preventDefault();
    search.focus();
  }
});
show();
fetch('/api/openapi.json')
  .then((r) => (r.ok ? (r.json() as Promise<Document>) : null))
  .catch(() => null)
  .then((d) => {
    doc = d;
    content.removeAttribute('aria-busy');
    show();
  });

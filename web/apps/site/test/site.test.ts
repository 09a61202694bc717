import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { curl, sample, typeName, type Document } from '../src/openapi.ts';
import { groups, operations } from '../src/operations.zh.ts';
import { pictures } from '../src/pictures.ts';

const root = new URL('..', import.meta.url).pathname;
const read = (name: string) => readFileSync(root + name, 'utf8');

it('loads nothing from another host', () => {
  const files = ['index.html', 'demo.html', 'docs.html', ...(readdirSync(`${root}src`) as string[]).map((f) => `src/${f}`)];
  for (const f of files) {
    const hosts = [...read(f).matchAll(/https?:\/\/([^/'"`\s$]+)/g)].map((m) => m[1]);
    expect(hosts.filter((h) => h !== 'www.w3.org'), f).toEqual([]);
  }
});

it('shows the shop with the line as a customer pastes it', () => {
  expect(read('demo.html')).toMatch(/<script async src="\/loader\.js" data-channel-key="chk_demo"[^>]*><\/script>/);
});

it('has a picture for every product and a product for every picture', () => {
  const ids = [...read('src/shop.ts').matchAll(/\{ id: '(\w+)'/g)].map((m) => m[1]);
  expect(ids.sort()).toEqual(Object.keys(pictures).sort());
});

it('has the welcome’s every word in English', () => {
  const used = [...read('index.html').matchAll(/data-t="(\w+)"/g)].map((m) => m[1]!);
  const english = [...read('src/welcome.ts').matchAll(/^ {2}(\w+): '/gm)].map((m) => m[1]!);
  expect(english.sort()).toEqual([...new Set(used)].sort());
});

describe('API documentation', () => {
  const doc: Document = {
    info: { title: 'x', version: '1' },
    paths: {},
    components: {
      schemas: {
        Node: { type: 'object', required: ['id'], properties: { id: { type: 'string', examples: ["it's"] }, next: { $ref: '#/components/schemas/Node' }, at: { type: 'string', format: 'date-time' } } },
      },
    },
  };
  it('makes samples, of schemas that hold themselves too', () => {
    expect(sample(doc, { type: 'array', items: { type: ['null', 'integer'] } })).toEqual([1]);
    expect(sample(doc, { $ref: '#/components/schemas/Node' }, 1)).toEqual({ id: "it's", next: null, at: null });
    expect(sample(doc, { $ref: '#/components/schemas/Nowhere' })).toBe('string');
  });
  it('names types', () => {
    expect(typeName({ type: 'array', items: { $ref: '#/components/schemas/Node' } })).toBe('Node[]');
    expect(typeName({ type: ['string', 'null'], format: 'date-time' })).toBe('string (date-time) | null');
  });
  it('writes a command line that a shell takes', () => {
    const op = {
      parameters: [{ name: 'Idempotency-Key', in: 'header', required: true }],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } },
    };
    const line = curl(doc, 'http://h', 'post', '/api/v1/x', op);
    expect(line).toContain("-H 'Idempotency-Key: any-unique-text'");
    expect(line).toContain(`"id":"it'\\''s"`);
  });
});

it('has a Chinese name for every operation and group of the API', () => {
  const api = JSON.parse(read('../../../api/openapi.json')) as Document;
  const paths = Object.entries(api.paths);
  const ids = paths.flatMap(([, methods]) => Object.values(methods).map((op) => (op as { operationId?: string }).operationId));
  expect(Object.keys(operations).sort()).toEqual(ids.sort());
  expect(Object.keys(groups).sort()).toEqual([...new Set(paths.map(([path]) => path.split('/')[3]))].sort());
});

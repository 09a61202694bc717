import { createApp, nextTick } from 'vue';
import { describe, expect, it, vi } from 'vitest';
import type { Part } from '@yingda/sdk';
import PartView from '../src/parts/PartView.vue';
import { cleanProduct } from '../src/product.ts';
import { explain } from '../src/uploads.ts';
import { inbox } from '../src/settings.ts';
import { catalogues } from '../src/words.ts';
import type { Desk } from '../src/desk.ts';

const hostile = `"><img src=x onerror=alert(1)><script>alert(1)</script>{{constructor.constructor('alert(1)')()}} javascript:alert(1)`;

function mount(part: Part, own = false) {
  const sent: unknown[] = [];
  const root = document.createElement('div');
  createApp(PartView, { part, own, rich: !own, desk: { send: (c: unknown) => sent.push(c) } as unknown as Desk }).mount(root);
  return { root, sent };
}

describe('hostile content', () => {
  const media = { url: 'javascript:alert(1)', name: hostile };
  const parts: Part[] = [
    { type: 'text', text: hostile },
    { type: 'image', media },
    { type: 'image', media: { url: 'https://cdn.example/x.png', name: hostile } },
    { type: 'file', media: { url: 'https://cdn.example/x', name: hostile } },
    { type: 'audio', media },
    { type: 'video', media },
    { type: 'location', location: { latitude: 1, longitude: 2, name: hostile, address: hostile } },
    { type: 'card', card: { title: hostile, subtitle: hostile, price: hostile, url: 'javascript:alert(1)', image_url: 'data:image/svg+xml,x' } },
    { type: 'card', card: { title: hostile, buttons: [{ label: hostile, url: 'javascript:alert(1)' }] } },
    { type: 'buttons', text: hostile, buttons: [{ label: hostile, value: hostile }] },
    { type: 'form', form: { title: hostile, fields: [{ name: hostile, label: hostile, kind: 'select', options: [hostile] }] } },
    { type: 'form', form: { fields: [{ name: 'a', label: hostile, kind: 'text' }], values: { a: hostile } } },
    { type: 'hologram' as Part['type'] },
    { type: 'card' },
  ];
  it.each(parts.map((p, i) => [i, p.type, p] as const))('%i %s stays text', async (_i, _type, part) => {
    const { root } = mount(part);
    // Forms and players come when they are needed.
    await vi.waitFor(() => expect(root.querySelector('*')).not.toBeNull());
    expect(root.querySelector('script')).toBeNull();
    for (const el of root.querySelectorAll('*')) {
      for (const { name, value } of el.attributes) {
        expect(name).not.toMatch(/^on/);
        if (name === 'href' || name === 'src') expect(value).toMatch(/^https:\/\//);
      }
    }
    expect(root.textContent || root.querySelector('img')?.alt).not.toBe('');
  });
});

it('sends what a button stands for', () => {
  const { root, sent } = mount({ type: 'buttons', buttons: [{ label: '退货', value: 'return' }, { label: '发票' }] });
  for (const b of root.querySelectorAll('button')) b.click();
  expect(sent).toEqual(['return', '发票']);
});

it('sends a form once', async () => {
  const { root, sent } = mount({ type: 'form', form: { fields: [{ name: 'phone', label: '电话', kind: 'phone', required: true }] } });
  const input = await vi.waitFor(() => root.querySelector('input') ?? Promise.reject(new Error('not there yet')));
  expect(input.type).toBe('tel');
  expect(root.querySelector('label')!.htmlFor).toBe(input.id);
  input.value = '13800000000';
  input.dispatchEvent(new Event('input'));
  const form = root.querySelector('form')!;
  form.dispatchEvent(new Event('submit'));
  form.dispatchEvent(new Event('submit'));
  await nextTick();
  expect(sent).toEqual([[{ type: 'form', form: { fields: [{ name: 'phone', label: '电话', kind: 'phone', required: true }], values: { phone: '13800000000' } } }]]);
  expect(root.querySelector<HTMLButtonElement>('button')!.disabled).toBe(true);
});

it('has every word in both languages', () => {
  const han = /\p{Script=Han}/u;
  for (const [key, zh] of Object.entries(catalogues.zh)) {
    const en = catalogues.en[key as keyof typeof catalogues.en];
    expect(typeof en, key).toBe(typeof zh);
    if (Array.isArray(zh)) expect(en).toHaveLength(zh.length);
    if (typeof en === 'string') {
      expect(en, key).not.toBe('');
      if (key !== 'other' && key !== 'switchTo') expect(han.test(en), `${key}: ${en}`).toBe(false);
    }
  }
});

it('does not send a form that lacks something, and says what', async () => {
  const { root, sent } = mount({ type: 'form', form: { fields: [{ name: 'mail', label: '邮箱', kind: 'email', required: true }] } });
  const input = await vi.waitFor(() => root.querySelector('input') ?? Promise.reject(new Error('not there yet')));
  const form = root.querySelector('form')!;
  form.dispatchEvent(new Event('submit'));
  await nextTick();
  expect(root.querySelector('[role="alert"]')!.textContent).toBe(catalogues.en.missing);
  input.value = 'nobody';
  input.dispatchEvent(new Event('input'));
  form.dispatchEvent(new Event('submit'));
  await nextTick();
  expect(root.querySelector('[role="alert"]')!.textContent).toBe(catalogues.en.badEmail);
  expect(sent).toEqual([]);
});

describe('a product of the page', () => {
  it.each([
    [{ title: '耳机', price: '¥699', url: '/p/1', image: '/1.png' }, { title: '耳机', price: '¥699', url: 'https://shop.example/p/1', image_url: 'https://shop.example/1.png' }],
    [{ title: '耳机', url: 'javascript:alert(1)', image_url: 'data:image/svg+xml,x' }, { title: '耳机' }],
    [{ name: ' 水壶 ', price: 169 }, { title: '水壶', price: '169', url: 'https://shop.example/now' }],
    [{ title: { a: 1 } }, null],
    [{ title: '' }, null],
    ['text', null],
    [null, null],
  ])('%o', (given, product) => expect(cleanProduct(given, 'https://shop.example/now')).toEqual(product));
  it('is cut to what the protocol takes, between characters', () => {
    expect([...cleanProduct({ title: '😀'.repeat(300) })!.title]).toHaveLength(200);
  });
});

it('explains in words why a file did not go, and whether trying again helps', () => {
  inbox.value = { name: '', features: { uploads: true, voice: true, rating: true, transcript: true, max_upload_bytes: 25 * 1024 * 1024 } };
  expect(explain({ kind: 'invalid', field: 'size', message: 'The file is larger than 25 MiB' })).toEqual({ why: catalogues.en.uploadTooLarge('25 MB'), again: false });
  expect(explain({ kind: 'invalid', field: 'size', message: 'The file is empty' })).toEqual({ why: catalogues.en.uploadEmpty, again: false });
  expect(explain({ kind: 'invalid', field: 'type' })).toEqual({ why: catalogues.en.uploadRefused, again: false });
  expect(explain({ kind: 'network' })).toEqual({ why: catalogues.en.uploadFailed, again: true });
  expect(explain({ kind: 'limited' }).again).toBe(true);
});

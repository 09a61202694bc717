import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as sdk from '../src/index.ts';
import { FakeServer, World } from './world.ts';

const examples = join(import.meta.dirname, '../../../examples');
const read = (path: string) => readFileSync(join(examples, path), 'utf8');

interface MiniPage {
  data: Record<string, unknown> & { rows: { text: string; own: boolean; id: string; key: string; state: string; recalled: boolean }[] };
  setData(change: object): void;
  onLoad(): void;
  onUnload(): void;
  onInput(e: object): void;
  onSend(): void;
  onTapMessage(e: object): void;
  onRate(e: object): void;
  onPicture(): void;
}

describe('the mini-program', () => {
  it('is whole: every page and file that is named is there', () => {
    const app = JSON.parse(read('miniprogram/app.json')) as { pages: string[]; sitemapLocation: string };
    for (const page of app.pages) {
      for (const end of ['js', 'json', 'wxml', 'wxss']) expect(read(`miniprogram/${page}.${end}`)).not.toBe('');
    }
    JSON.parse(read(`miniprogram/${app.sitemapLocation}`));
    JSON.parse(read('miniprogram/project.config.json'));
    expect((JSON.parse(read('miniprogram/package.json')) as { dependencies: object }).dependencies).toHaveProperty('@yingda/sdk');
    // What the page calls is what the script has.
    const script = read('miniprogram/pages/chat/chat.js');
    for (const [, handler] of read('miniprogram/pages/chat/chat.wxml').matchAll(/bind[a-z]+="(\w+)"/g)) expect(script).toContain(`${handler}(`);
  });

  it('runs: shows, sends, takes back, sends a picture, rates', async () => {
    const world = new World(8);
    const server = new FakeServer(world);
    server.inbox = { name: 'x', features: { uploads: true, voice: true, rating: true, transcript: true, max_upload_bytes: 100 } };
    const wx = {
      chooseMedia: (o: { success(r: object): void }) => o.success({ tempFiles: [{ tempFilePath: 'wxfile://1', size: 10 }] }),
      showActionSheet: (o: { success(r: object): void }) => o.success({ tapIndex: 0 }),
      showToast: () => {},
    };
    let page = null as unknown as MiniPage;
    let app = null as unknown as { onLaunch(): void };
    const host: sdk.Host = {
      ...server.host(),
      upload: async () => ({ status: 200, body: '{"id":"att_1","kind":"image","url":"/files/att_1","name":"photo.jpg"}', retryAfterMs: 0 }),
    };
    const modules = { ...sdk, wxHost: () => host };
    const run = (path: string) =>
      new Function('require', 'App', 'Page', 'getApp', 'wx', read(path))(
        (name: string) => (name === '@yingda/sdk' ? modules : undefined),
        (options: { onLaunch(): void }) => (app = options),
        (options: MiniPage) => (page = options),
        () => app,
        wx,
      ) as void;
    run('miniprogram/app.js');
    app.onLaunch();
    run('miniprogram/pages/chat/chat.js');
    page.setData = (change) => Object.assign(page.data, change);
    page.onLoad();
    await world.pass(1_000);
    page.onInput({ detail: { value: '你好' } });
    page.onSend();
    await world.pass(1_000);
    server.agentSays('您好');
    await world.pass(1_000);
    expect(page.data.rows.map((r) => [r.own, r.text])).toEqual([[true, '你好'], [false, '您好']]);
    expect(page.data.draft).toBe('');
    page.onPicture();
    await world.pass(1_000);
    expect(server.messages.at(-1)?.parts[0]).toMatchObject({ type: 'image', media: { id: 'att_1' } });
    page.onTapMessage({ currentTarget: { dataset: page.data.rows[0]! } });
    await world.pass(1_000);
    expect(page.data.rows[0]!.recalled).toBe(true);
    page.onRate({ currentTarget: { dataset: { score: '4' } } });
    await world.pass(1_000);
    expect(page.data.rating).toBe(4);
    page.onUnload();
  });
});

describe('the other examples', () => {
  it('use what there is', () => {
    expect(read('node/ask.mjs')).toContain('web/sdk/dist/index.js');
    const page = read('html/index.html');
    expect(page).toContain('/loader.js');
    expect(page).toContain('data-channel-key=');
    for (const [, name] of read('react-native/useYingda.ts').matchAll(/import \{ ([^}]+) \} from '@yingda\/sdk'/g)) {
      for (const part of name!.split(',').map((n) => n.trim())) if (!part.startsWith('type ')) expect(sdk).toHaveProperty(part);
    }
  });
});

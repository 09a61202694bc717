import { describe, expect, it } from 'vitest';
import { YingdaError, type ErrorKind } from '../src/error.ts';
import { memoryStorage, type KeyValue } from '../src/host.ts';
import { MAX_UNSENT, Outbox, type Unsent } from '../src/outbox.ts';
import { FakeServer, World } from './world.ts';

function setup(storage: KeyValue = memoryStorage(), owner = 'anonymous') {
  const world = new World(7);
  const sent: string[] = [];
  const state = { inFlight: 0, most: 0, fail: (_item: Unsent): YingdaError | null => null };
  const host = new FakeServer(world).host(storage);
  const box = new Outbox(
    host,
    'out/',
    async (item) => {
      state.most = Math.max(state.most, ++state.inFlight);
      await world.sleep(10);
      state.inFlight--;
      const err = state.fail(item);
      if (err) throw err;
      sent.push(item.parts[0]!.text!);
    },
    () => {},
  );
  box.own(owner);
  const say = (text: string) => box.add([{ type: 'text', text }]).client_id;
  return { world, box, sent, state, storage, say };
}

const err = (kind: ErrorKind, retryAfterMs = 0) => new YingdaError(kind, kind, { retryAfterMs });

describe('the queue', () => {
  it('sends in order, one at a time, and forgets what is confirmed', async () => {
    const s = setup();
    for (const t of ['1', '2', '3']) s.say(t);
    await s.world.pass(1_000);
    // Nothing leaves before there is a session.
    expect(s.sent).toEqual([]);
    s.box.start();
    await s.world.pass(1_000);
    expect(s.sent).toEqual(['1', '2', '3']);
    expect(s.state.most).toBe(1);
    expect(s.storage.keys('out/')).toEqual([]);
  });

  it.each<ErrorKind>(['network', 'unavailable', 'limited', 'unauthenticated'])('waits out %s for as long as it takes', async (kind) => {
    const s = setup();
    let tries = 0;
    s.state.fail = () => (++tries < 30 ? err(kind) : null);
    s.box.start();
    s.say('1');
    s.say('2');
    await s.world.pass(20 * 60_000);
    expect(s.sent).toEqual(['1', '2']);
    expect(tries).toBe(31);
  });

  it('waits as long as the server asks', async () => {
    const s = setup();
    let tries = 0;
    s.state.fail = () => (++tries === 1 ? err('limited', 40_000) : null);
    s.box.start();
    s.say('1');
    await s.world.pass(39_000);
    expect(tries).toBe(1);
    await s.world.pass(2_000);
    expect(s.sent).toEqual(['1']);
  });

  it.each<ErrorKind>(['invalid', 'denied', 'not_found', 'conflict', 'unsupported'])('puts a message aside that is refused as %s; the others go on', async (kind) => {
    const s = setup();
    s.state.fail = (i) => (i.parts[0]!.text === 'bad' ? err(kind) : null);
    s.box.start();
    const bad = s.say('bad');
    s.say('good');
    await s.world.pass(1_000);
    expect(s.sent).toEqual(['good']);
    expect(s.box.list()[0]?.failed).toEqual({ kind, message: kind });
    s.state.fail = () => null;
    s.box.resend(bad);
    s.box.resend('unknown');
    await s.world.pass(1_000);
    expect(s.sent).toEqual(['good', 'bad']);
  });

  it('gives up a message on which the server breaks again and again, and can be told to forget it', async () => {
    const s = setup();
    s.state.fail = (i) => (i.parts[0]!.text === 'bad' ? err('internal') : null);
    s.box.start();
    const bad = s.say('bad');
    s.say('good');
    await s.world.pass(10 * 60_000);
    expect(s.sent).toEqual(['good']);
    s.box.remove(bad);
    expect(s.box.list()).toEqual([]);
    expect(s.storage.keys('out/')).toEqual([]);
  });

  it('survives a reload, failed ones too', async () => {
    const before = setup();
    before.state.fail = (i) => (i.parts[0]!.text === 'bad' ? err('invalid') : err('network'));
    before.box.start();
    before.say('bad');
    before.say('1');
    before.say('2');
    await before.world.pass(5_000);
    before.box.stop();
    const after = setup(before.storage);
    expect(after.box.list().map((i) => [i.parts[0]!.text, i.failed?.kind])).toEqual([['bad', 'invalid'], ['1', undefined], ['2', undefined]]);
    after.box.start();
    await after.world.pass(1_000);
    expect(after.sent).toEqual(['1', '2']);
  });

  it('keeps the queues of different people apart', async () => {
    const storage = memoryStorage();
    setup(storage, 'user a').say('from a');
    const b = setup(storage, 'user b');
    b.box.start();
    await b.world.pass(1_000);
    expect(b.sent).toEqual([]);
    expect(b.box.list()).toEqual([]);
    const again = setup(storage, 'user a');
    again.box.start();
    await again.world.pass(1_000);
    expect(again.sent).toEqual(['from a']);
  });

  it('clears away what it cannot read and bounds what waits', () => {
    const storage = memoryStorage();
    storage.set('out/x', '{"client_id":1');
    storage.set('out/y', '[]');
    const s = setup(storage);
    expect(storage.keys('out/')).toEqual([]);
    for (let i = 0; i < MAX_UNSENT; i++) s.say('x');
    expect(() => s.say('one too many')).toThrow(expect.objectContaining({ kind: 'limited' }));
  });
});

import { describe, expect, it } from 'vitest';
import { Chat, memoryStorage, type ShownMessage } from '../src/index.ts';
import { calm, FakeServer, textOf, World } from './world.ts';

/** Holds for every list the SDK ever shows. */
function checkList(list: readonly ShownMessage[]): void {
  const committed = list.filter((m) => m.id);
  expect(new Set(list.map((m) => m.key)).size).toBe(list.length);
  expect(new Set(committed.map((m) => m.id)).size).toBe(committed.length);
  for (let i = 1; i < committed.length; i++) expect(committed[i]!.seq).toBeGreaterThan(committed[i - 1]!.seq);
  // What is on its way stands below what is committed.
  expect(list.findIndex((m) => !m.id)).toBe(committed.length === list.length ? -1 : committed.length);
}

/**
 * One life of a visitor with a bad network: sends, agent's answers, reloads,
 * dead sockets, lost requests and answers, repeats, reordering, outages, a
 * restored backup. Then the network heals and both sides must agree.
 */
async function live(seed: number): Promise<{ sends: number; repeats: number; fetches: number }> {
  const world = new World(seed);
  const server = new FakeServer(world);
  const storage = memoryStorage();
  const network: { tell?: (online: boolean) => void } = {};
  const dice = world.random;
  if (dice() < 0.2) server.sockets = false;
  if (dice() < 0.5) server.streams = false;
  if (dice() < 0.2) server.buffers = true;
  if (dice() < 0.2) server.longPolls = false;
  if (dice() < 0.3) server.retention = 4;
  const open = () => {
    const chat = new Chat({ endpoint: 'http://desk', channelKey: 'chk_demo', host: server.host(storage, network), pageSize: 1_000 });
    chat.on('messages', checkList);
    void chat.start();
    return chat;
  };
  let chat = open();
  const sent: string[] = [];
  const said: string[] = [];
  for (let step = 0; step < 60; step++) {
    server.faults = {
      requestLost: 0.2 * dice(), answerLost: 0.2 * dice(), unavailable: 0.1 * dice(), limited: 0.1 * dice(),
      pushDropped: 0.4 * dice(), pushRepeated: 0.3 * dice(), pushLate: 0.4 * dice(), socketDies: 0.1 * dice(),
    };
    const act = dice();
    if (act < 0.4) {
      sent.push(`v${sent.length}`);
      chat.send(sent.at(-1)!);
    } else if (act < 0.6 && server.conversation) said.push(textOf(server.agentSays(`a${said.length}`)));
    else if (act < 0.7) {
      chat.stop();
      chat = open();
    } else if (act < 0.78) {
      server.up = !server.up;
      if (!server.up) server.cutSockets();
      if (dice() < 0.5) network.tell?.(server.up);
    } else if (act < 0.83) server.cutSockets();
    else if (act < 0.86) server.newEpoch();
    else if (act < 0.92) chat.markRead();
    else if (act < 0.94) server.tokens.clear();
    else server.agentReads();
    await world.pass(dice() < 0.3 ? dice() * 20_000 : dice() * 200);
  }
  server.up = true;
  server.faults = { ...calm };
  await world.pass(900_000);

  checkList(chat.messages);
  expect(chat.state).toBe('online');
  // Nothing lost, nothing twice, each side's words in the order they were said.
  expect(server.messages.filter((m) => m.author.kind === 'visitor').map(textOf)).toEqual(sent);
  expect(server.messages.filter((m) => m.author.kind === 'agent').map(textOf)).toEqual(said);
  expect(chat.messages.map((m) => m.id)).toEqual(server.messages.map((m) => m.id));
  expect(storage.keys('yingda/chk_demo/out/')).toEqual([]);
  // The line is live: the next word arrives without anybody fetching by hand.
  if (server.conversation) {
    const last = server.agentSays('still there');
    await world.pass(60_000);
    expect(chat.messages.at(-1)?.id).toBe(last.id);
  }
  chat.stop();
  const count = (method: string) => server.calls.filter((c) => c.method === method).length;
  return { sends: sent.length, repeats: count('message.send') - sent.length, fetches: count('feed.fetch') };
}

describe('a bad network', () => {
  it('never loses, repeats or reorders a message', async () => {
    const total = { sends: 0, repeats: 0, fetches: 0 };
    const runs = Number(process.env.YINGDA_CHAOS_RUNS ?? 100);
    const first = Number(process.env.YINGDA_CHAOS_SEED ?? 1);
    for (let seed = first; seed < first + runs; seed++) {
      try {
        const did = await live(seed);
        for (const k of ['sends', 'repeats', 'fetches'] as const) total[k] += did[k];
      } catch (err) {
        throw new Error(`seed ${seed}: ${(err as Error).message}`, { cause: err });
      }
    }
    // The runs did exercise repeats; otherwise they would prove little.
    if (runs >= 100) {
      expect(total.repeats).toBeGreaterThan(runs);
      expect(total.sends).toBeGreaterThan(10 * runs);
    }
  }, 240_000);
});

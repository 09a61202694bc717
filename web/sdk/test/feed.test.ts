import { describe, expect, it } from 'vitest';
import { Feed } from '../src/feed.ts';
import type { FeedBatch, FeedEvent } from '../src/protocol.ts';

function setup(answers: (FeedBatch | (() => Promise<FeedBatch>))[] = []) {
  const applied: string[] = [];
  const resets: number[] = [];
  const asked: string[] = [];
  const feed = new Feed(
    {
      fetch: (p) => {
        asked.push(`${p.epoch}/${p.seq}`);
        const next = answers.shift();
        if (!next) throw new Error('nothing left to answer');
        return typeof next === 'function' ? next() : Promise.resolve(next);
      },
      apply: (e) => applied.push(e.type),
      reset: (p) => resets.push(p.seq),
    },
    { epoch: 'a', seq: 10 },
  );
  return { feed, applied, resets, asked };
}

const ev = (type: string): FeedEvent => ({ type });

describe('pushes', () => {
  it.each([
    ['the next one', { epoch: 'a', prev: 10, seq: 12 }, true, ['x'], 12],
    ['one whose predecessor lies before our place', { epoch: 'a', prev: 4, seq: 12 }, true, ['x'], 12],
    ['a repeat', { epoch: 'a', prev: 8, seq: 10 }, true, [], 10],
    ['one after a gap', { epoch: 'a', prev: 11, seq: 12 }, false, [], 10],
    ['one of another epoch', { epoch: 'b', prev: 0, seq: 12 }, false, [], 10],
  ])('takes or refuses %s', (_name, push, taken, applied, at) => {
    const s = setup();
    expect(s.feed.push({ ...push, event: ev('x') })).toBe(taken);
    expect(s.applied).toEqual(applied);
    expect(s.feed.at.seq).toBe(at);
  });
});

describe('catching up', () => {
  it('fetches until there is no more and drops what it knows', async () => {
    const s = setup([
      { epoch: 'a', seq: 12, more: true, events: [{ seq: 9, event: ev('old') }, { seq: 12, event: ev('p') }] },
      { epoch: 'a', seq: 30, more: false, events: [{ seq: 14, event: ev('q') }] },
    ]);
    await s.feed.catchUp();
    expect(s.applied).toEqual(['p', 'q']);
    expect(s.asked).toEqual(['a/10', 'a/12']);
    // The place moves to the head even though the last event lies before it.
    expect(s.feed.at.seq).toBe(30);
  });

  it('shares a run under way and looks once more for those who came late', async () => {
    const empty = { epoch: 'a', seq: 10, events: null };
    const s = setup([empty, empty]);
    const first = s.feed.catchUp();
    expect(s.feed.catchUp()).toBe(first);
    expect(s.feed.catchUp()).toBe(first);
    await first;
    expect(s.asked).toHaveLength(2);
  });

  it('resets on request and on a new epoch, and goes on from there', async () => {
    const s = setup([
      { epoch: 'a', seq: 50, reset: true },
      { epoch: 'b', seq: 3, events: [{ seq: 3, event: ev('of b') }] },
    ]);
    await s.feed.catchUp();
    await s.feed.catchUp();
    expect(s.resets).toEqual([50, 3]);
    expect(s.applied).toEqual([]);
    expect(s.feed.push({ epoch: 'b', prev: 3, seq: 4, event: ev('x') })).toBe(true);
  });

  it('ignores a batch that was asked for before a restart', async () => {
    let answer: (b: FeedBatch) => void = () => {};
    const s = setup([() => new Promise<FeedBatch>((done) => (answer = done))]);
    const late = s.feed.fetch(25);
    s.feed.restart({ epoch: 'a', seq: 11 });
    answer({ epoch: 'a', seq: 99, events: [{ seq: 99, event: ev('late') }] });
    await late;
    expect(s.applied).toEqual([]);
    expect(s.feed.at.seq).toBe(11);
  });
});

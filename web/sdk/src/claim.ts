import type { Host } from './host.ts';

/** A claim that nobody gave back, because its page was closed, counts no longer after so long. */
const lastsMs = 20_000;
/** Two tabs that write at one instant both see, after so long, who was last. */
const settleMs = 60;
const lookEveryMs = 120;

/**
 * Runs one after the other over all tabs, with nothing but the storage they
 * share: whoever still finds their own claim there after a moment has it. It
 * stands in where the page has no locks. The wall clock only ends claims of
 * pages that are gone; if it lies, tabs wait or run together, and no more.
 */
export async function claimed<T>(host: Pick<Host, 'storage' | 'after' | 'date' | 'uniqueID' | 'random'>, name: string, run: () => Promise<T>): Promise<T> {
  const key = `${name}/claim`;
  const me = host.uniqueID();
  const pause = (ms: number) => new Promise<void>((done) => host.after(ms, done));
  for (let waited = 0; waited < lastsMs; ) {
    const [who, since] = (host.storage.get(key) ?? '').split(' ');
    const age = host.date().getTime() - Number(since ?? 0);
    if (who && age >= 0 && age < lastsMs) {
      const ms = lookEveryMs * (0.5 + host.random());
      await pause(ms);
      waited += ms;
      continue;
    }
    // Storage that keeps nothing is shared with nobody.
    if (!host.storage.set(key, `${me} ${host.date().getTime()}`)) break;
    await pause(settleMs);
    if (host.storage.get(key)?.startsWith(`${me} `)) break;
  }
  try {
    return await run();
  } finally {
    if (host.storage.get(key)?.startsWith(`${me} `)) host.storage.remove(key);
  }
}

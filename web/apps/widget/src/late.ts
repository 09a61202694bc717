import { defineAsyncComponent, type AsyncComponentLoader, type Component } from 'vue';

const waiting: (() => Promise<unknown>)[] = [];

/** A component that is not part of the first load. It is fetched when the page is at rest, or when it is needed first. */
export function late<T extends Component>(load: AsyncComponentLoader<T> & (() => Promise<unknown>)): T {
  waiting.push(load);
  return defineAsyncComponent({
    loader: load as AsyncComponentLoader<T>,
    delay: 0,
    // The network may be away for a moment; three tries, then nothing is shown.
    onError: (_err, retry, fail, tries) => (tries < 4 ? setTimeout(retry, tries * 1_500) : fail()),
  }) as T;
}

/** Fetches what is left, so that a tap later on a slow network answers at once. */
export function fetchRest(): void {
  const run = () => {
    const load = waiting.shift();
    if (load) void load().catch(() => {}).then(fetchRest);
  };
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: 5_000 });
  else setTimeout(run, 1_000);
}

let current: HTMLMediaElement | null = null;

/** One voice at a time: the one before falls silent. */
export function playOne(el: HTMLMediaElement): void {
  if (current && current !== el) current.pause();
  current = el;
}

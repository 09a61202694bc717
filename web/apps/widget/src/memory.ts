/** Small things this device remembers. Where it may not, they last as long as the page. */
const spare = new Map<string, string>();

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? spare.get(key) ?? null;
  } catch {
    return spare.get(key) ?? null;
  }
}

export function remember(key: string, value: string): void {
  spare.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // The spare has it.
  }
}

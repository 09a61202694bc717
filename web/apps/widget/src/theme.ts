import { contrastWithWhite, safeColor } from './safe.ts';

/** Chooses light or dark and the company's colour; both may change while the page is open. */
export function dress(theme: string | null, color: string | null | undefined): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const dark = theme === 'dark' || (theme !== 'light' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  };
  system.addEventListener?.('change', apply);
  apply();
  paint(color);
}

/** Sets the company's colour. Its text is white or near-black, whichever can be read. */
export function paint(color: string | null | undefined): void {
  const safe = safeColor(color);
  if (!safe) return;
  const style = document.documentElement.style;
  style.setProperty('--brand', safe);
  style.setProperty('--on-brand', contrastWithWhite(safe) >= 4.5 ? '#ffffff' : '#0f172a');
}

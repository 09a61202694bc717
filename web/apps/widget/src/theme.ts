import { contrastWithWhite, readableOn, safeColor } from './safe.ts';

const system = matchMedia('(prefers-color-scheme: dark)');
let theme = 'auto';

function apply(): void {
  const dark = theme === 'dark' || (theme !== 'light' && system.matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

/** Light, dark, or as the visitor's system. */
export function dress(wanted: string | null | undefined): void {
  theme = wanted || 'auto';
  apply();
}
system.addEventListener?.('change', apply);

/** Sets the company's colour; without one the house's stays. Its text is white or near-black, whichever can be read. */
export function paint(color: string | null | undefined): void {
  const safe = safeColor(color);
  const style = document.documentElement.style;
  if (!safe) {
    for (const name of ['--brand', '--on-brand', '--shade', '--brand-light', '--brand-dark']) style.removeProperty(name);
    return;
  }
  style.setProperty('--brand', safe);
  const dark = contrastWithWhite(safe) >= 4.5;
  style.setProperty('--on-brand', dark ? '#ffffff' : '#0f172a');
  // Links and rings wear the colour too, as far as it can be read there; the grounds are --quiet of both themes.
  style.setProperty('--brand-light', readableOn('#f1f5f9', safe));
  style.setProperty('--brand-dark', readableOn('#1e293b', safe));
  // The header fades away from its text's colour, never towards it.
  style.setProperty('--shade', dark ? 'rgba(0, 0, 0, 0.2)' : 'rgba(255, 255, 255, 0.3)');
}

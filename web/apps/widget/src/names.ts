import type { Author } from '@yingda/sdk';
import { t } from './language.ts';

/** What an author is called. A bot says that it is one. */
export function nameOf({ kind, name }: Author): string {
  if (kind === 'visitor') return t.value.you;
  if (kind === 'bot') return name ? `${name} · ${t.value.bot}` : t.value.bot;
  return name || t.value.agent;
}

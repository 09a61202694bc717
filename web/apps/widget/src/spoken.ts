import type { Part } from '@yingda/sdk';
import { plainMarkdown } from '@yingda/shared/markdown';
import { t } from './language.ts';

/** What a message says in plain words: for quotes, screen readers and the line on the page. */
export function spoken(parts: readonly Part[]): string {
  return parts
    .map((p) => {
      switch (p.type) {
        case 'text':
          return plainMarkdown(p.text ?? '');
        case 'buttons':
          return p.text ?? '';
        case 'card':
          return p.card?.title ?? '';
        case 'form':
          return p.form?.title || t.value.formOf;
        case 'location':
          return p.location?.name || t.value.place;
        case 'image':
          return `[${t.value.image}]`;
        case 'audio':
          return `[${t.value.voice}]`;
        case 'video':
          return `[${t.value.video}]`;
        case 'file':
          return `[${t.value.file}] ${p.media?.name ?? ''}`.trim();
        default:
          return '';
      }
    })
    .filter(Boolean)
    .join(' ')
    .slice(0, 300);
}

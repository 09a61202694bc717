import type { Page } from './protocol.ts';

/** Whom a JSON Web Token is about, unverified: only to keep people's queues apart. */
export function subject(token: string): string {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'))) as { sub?: unknown };
    return String(claims.sub ?? '');
  } catch {
    return '';
  }
}

/** The page as the protocol takes it: http or https and of bounded length, else nothing. */
export function cleanPage(page: Page | undefined): { page?: Page } {
  if (!page || !/^https?:/i.test(page.url) || page.url.length > 2_048) return {};
  return { page: { url: page.url, title: [...(page.title ?? '')].slice(0, 200).join('') } };
}

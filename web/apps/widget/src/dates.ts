/** Dates in the visitor's own time zone. A malformed time shows as nothing. */
export function clockTime(at: string, lang: string): string {
  return format(at, lang, { hour: '2-digit', minute: '2-digit', hour12: false });
}

export function wholeTime(at: string, lang: string): string {
  return format(at, lang, { dateStyle: 'full', timeStyle: 'medium' });
}

/** A day and a time to come, without the year. */
export function whenText(at: string, lang: string): string {
  return format(at, lang, { month: 'long', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hour12: false });
}

/** A number per calendar day, to see where a day ends. */
export function dayOf(at: string): number {
  const d = new Date(at);
  return d.getFullYear() * 10_000 + d.getMonth() * 100 + d.getDate();
}

export function dayName(at: string, now: Date, words: { lang: string; today: string; yesterday: string }): string {
  const before = new Date(now);
  before.setDate(now.getDate() - 1);
  if (dayOf(at) === dayOf(now.toISOString())) return words.today;
  if (dayOf(at) === dayOf(before.toISOString())) return words.yesterday;
  const year = new Date(at).getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return format(at, words.lang, { month: 'long', day: 'numeric', weekday: 'short', year });
}

function format(at: string, lang: string, options: Intl.DateTimeFormatOptions): string {
  const d = new Date(at);
  return Number.isNaN(d.getTime()) ? '' : new Intl.DateTimeFormat(lang, options).format(d);
}

/** Minutes and seconds: 1:05. */
export function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000)) || 0;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

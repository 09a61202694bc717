import { computed, type Ref } from 'vue';
import type { ShownMessage } from '@yingda/sdk';
import { dayName, dayOf } from './dates.ts';
import { t } from './language.ts';
import type { Desk } from './desk.ts';

/** Messages of one author closer than this stand together under one name. */
const togetherMs = 5 * 60_000;

/** A message and where it stands among its neighbours. */
export interface Row {
  message: ShownMessage;
  day: string;
  unread: boolean;
  first: boolean;
  last: boolean;
}

function together(a: ShownMessage | undefined, b: ShownMessage): boolean {
  return (
    a !== undefined &&
    a.author.kind === b.author.kind &&
    a.author.name === b.author.name &&
    Math.abs(Date.parse(b.at) - Date.parse(a.at)) < togetherMs
  );
}

/** unreadAfter is the seq after which messages were unread when the chat was opened; 0 for no line. */
export function useRows(desk: Desk, unreadAfter: Ref<number>) {
  const { messages, conversation } = desk;
  return computed<Row[]>(() => {
    const list = messages.value;
    const now = desk.now();
    const line = unreadAfter.value
      ? list.findIndex((m) => m.state === 'received' && m.conversationID === conversation.value?.id && m.seq > unreadAfter.value)
      : -1;
    return list.map((m, i) => {
      const before = list[i - 1];
      const after = list[i + 1];
      const newDay = !before || dayOf(before.at) !== dayOf(m.at);
      return {
        message: m,
        day: newDay ? dayName(m.at, now, t.value) : '',
        unread: i === line,
        first: newDay || i === line || !together(before, m),
        last: !after || dayOf(after.at) !== dayOf(m.at) || !together(m, after),
      };
    });
  });
}

import { reactive } from 'vue';
import type { FormField } from '@yingda/sdk';
import { t } from './language.ts';

/** The answers to a form's fields, and what is wrong with them. */
export function useFields(fields: () => readonly FormField[]) {
  const values = reactive<Record<string, string>>({});
  const wrong = reactive<Record<string, string>>({});

  function mistake(f: FormField): string {
    const value = String(values[f.name] ?? '').trim();
    if (!value) return f.required ? t.value.missing : '';
    if (f.kind === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) return t.value.badEmail;
    return '';
  }

  return {
    values,
    wrong,
    /** Notes the mistakes and tells whether there are none; the first one's field takes the focus. */
    check(): boolean {
      for (const f of fields()) wrong[f.name] = mistake(f);
      return fields().every((f) => !wrong[f.name]);
    },
    /** Every field with its answer, empty ones too. */
    all: (): Record<string, string> => Object.fromEntries(fields().map((f) => [f.name, String(values[f.name] ?? '').trim()])),
    /** Only what was answered. */
    given: (): Record<string, string> =>
      Object.fromEntries(fields().map((f) => [f.name, String(values[f.name] ?? '').trim()] as const).filter(([, v]) => v !== '')),
  };
}

export type Fields = ReturnType<typeof useFields>;

import { computed, ref, watchEffect } from 'vue';
import { offered } from './settings.ts';
import { recall, remember } from './memory.ts';
import { catalogues } from './words.ts';

export type Language = keyof typeof catalogues;

const key = 'yingda/language';

/** What the visitor chose, what the page asks for, what the browser speaks; the first that is offered counts. */
const chosen = ref(recall(key) ?? '');
const asked = ref(new URLSearchParams(location.search).get('locale') ?? '');

function named(locale: string): Language | '' {
  return locale === '' ? '' : /^zh/i.test(locale) ? 'zh' : 'en';
}

const languages = computed<Language[]>(() => {
  const list = offered.value.map((l) => named(l)).filter((l) => l !== '');
  return list.length ? [...new Set(list)] : ['zh', 'en'];
});

export const language = computed<Language>(() => {
  for (const wish of [chosen.value, asked.value, navigator.language]) {
    const l = named(wish);
    if (l && languages.value.includes(l)) return l;
  }
  return languages.value[0]!;
});

/** The words in the present language. */
export const t = computed(() => catalogues[language.value]);

/** BCP 47, as the server and the settings name it. */
export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en'));

export const canSwitch = computed(() => languages.value.length > 1);

watchEffect(() => {
  document.documentElement.lang = t.value.lang;
});

/** The page, or a preview, asks for a language; a visitor's own choice stays. */
export function ask(wanted: string, force = false): void {
  asked.value = wanted;
  if (force) chosen.value = '';
}

export function switchLanguage(): void {
  chosen.value = language.value === 'zh' ? 'en' : 'zh';
  remember(key, chosen.value);
}

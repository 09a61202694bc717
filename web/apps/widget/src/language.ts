import { computed, ref, watchEffect } from 'vue';
import { catalogues } from './words.ts';

export type Language = keyof typeof catalogues;

const key = 'yingda/language';

function remembered(): Language | null {
  try {
    const kept = localStorage.getItem(key);
    return kept === 'zh' || kept === 'en' ? kept : null;
  } catch {
    return null;
  }
}

const wanted = new URLSearchParams(location.search).get('locale') || navigator.language;

/** The visitor's own choice, else the page's, else the browser's. */
export const language = ref<Language>(remembered() ?? (/^zh/i.test(wanted) ? 'zh' : 'en'));

/** The words in the present language. */
export const t = computed(() => catalogues[language.value]);

watchEffect(() => {
  document.documentElement.lang = t.value.lang;
});

export function switchLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh';
  try {
    localStorage.setItem(key, language.value);
  } catch {
    // It holds until the reload then.
  }
}

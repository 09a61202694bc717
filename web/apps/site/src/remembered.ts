const key = 'yingda/language';

/** The language this device remembers; null where nothing may be kept. */
export function rememberedLanguage(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function rememberLanguage(language: 'zh' | 'en'): void {
  try {
    localStorage.setItem(key, language);
  } catch {
    // It holds until the reload then.
  }
}

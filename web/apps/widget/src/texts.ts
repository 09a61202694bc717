import { computed } from 'vue';
import { locale, t } from './language.ts';
import { inbox, prechatFields, settings } from './settings.ts';

/** The administrator's texts in the visitor's language, else the widget's own. */
export const texts = computed(() => {
  const own = settings.value.texts?.[locale.value] ?? {};
  return {
    title: own.title || inbox.value?.name || t.value.title,
    subtitle: own.subtitle || t.value.online,
    greeting: own.greeting || inbox.value?.greeting || '',
    offline: own.offline || t.value.away,
    placeholder: own.placeholder || t.value.placeholder,
  };
});

export const quickReplies = computed(() => (settings.value.quick_replies?.[locale.value] ?? []).filter((q) => q.trim() !== ''));

export const prechat = computed(() => {
  const known: Record<string, string> = { name: t.value.name, email: t.value.email, phone: t.value.phone };
  return {
    title: settings.value.prechat?.title?.[locale.value] || t.value.prechatTitle,
    fields: prechatFields.value.map((f) => ({ ...f, label: f.labels?.[locale.value] || f.label || known[f.name] || f.name })),
  };
});

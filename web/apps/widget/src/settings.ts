import { computed, shallowRef } from 'vue';
import type { Features, FormField, InboxResult, VisitorResult, WidgetSettings } from '@yingda/sdk';

/** What the desk says of this inbox and this visitor; null before the first session. */
export const inbox = shallowRef<InboxResult | null>(null);
export const visitor = shallowRef<VisitorResult | null>(null);

/** Everything in it is optional; a missing switch means on. */
export const settings = computed<WidgetSettings>(() => inbox.value?.widget ?? {});
export const offered = computed<string[]>(() => settings.value.languages ?? []);
export const soundAllowed = computed(() => settings.value.sound !== false);

const none: Features = { uploads: false, voice: false, rating: false, transcript: false, max_upload_bytes: 0 };
/** What the server can do and the administrator has not switched off. */
export const can = computed<Features>(() => {
  const f = inbox.value?.features ?? none;
  const on = (name: 'uploads' | 'voice' | 'rating' | 'transcript') => f[name] && settings.value[name] !== false;
  return { ...f, uploads: on('uploads'), voice: on('voice'), rating: on('rating'), transcript: on('transcript') };
});

/** A field of the form before the chat may have its label in several languages. */
export type PrechatField = FormField & { labels?: Record<string, string> };

/** What is asked before the first message; what the desk knows already is not. */
export const prechatFields = computed<PrechatField[]>(() => {
  const p = settings.value.prechat;
  if (!p?.enabled) return [];
  const v = visitor.value;
  return ((p.fields ?? []) as PrechatField[]).filter(
    (f) => !((f.name === 'name' && v?.name) || (f.name === 'email' && v?.known?.email) || (f.name === 'phone' && v?.known?.phone)),
  );
});

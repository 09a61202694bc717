import type { InjectionKey } from 'vue';

export interface Picture {
  url: string;
  name: string;
}

/** Shows a picture large, over the chat. */
export const openPicture: InjectionKey<(p: Picture) => void> = Symbol('picture');

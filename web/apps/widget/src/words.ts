import { en } from './words.en.ts';
import { zh } from './words.zh.ts';

export type { Words } from './words.zh.ts';
export const catalogues = { zh, en };

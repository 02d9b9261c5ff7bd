/** What a page asks to find. */

import type { Json } from '../hits/json';

export type Sign = 1 | -1;
export type Modality = 'text' | 'image' | 'page' | 'audio';

/** Words to find (1) or to avoid (-1). */
export interface Term {
  text: string;
  sign: Sign;
}

/** A picture to be like or to avoid; the n-th one is the request's n-th buffer. */
export interface AskedPicture {
  name: string;
  sign: Sign;
}

/** A recording to be like; its buffers come after those of the pictures. */
export interface AskedSound {
  name: string;
}

/** What a facet lets through: some values (null is missing), or a range; a bound may be open. */
export type Filter =
  | { kind: 'values'; column: string; values: Json[] }
  | { kind: 'range'; column: string; low: number | string | null; high: number | string | null };

/** All that makes up a query. `like`, `liked` and `disliked` are keys of items. */
export interface Asked {
  terms: Term[];
  pictures: AskedPicture[];
  sounds: AskedSound[];
  like: string[];
  liked: string[];
  disliked: string[];
  where: string;
  filters: Filter[];
  /** How much each signal counts; 1 where not named. */
  weights: Record<string, number>;
  /** Only items found by parts of these; empty is any. */
  modality: Modality[];
  /** Whether the last term is still being typed. */
  unfinished: boolean;
}

export const NOTHING_ASKED: Asked = {
  terms: [],
  pictures: [],
  sounds: [],
  like: [],
  liked: [],
  disliked: [],
  where: '',
  filters: [],
  weights: {},
  modality: [],
  unfinished: false
};

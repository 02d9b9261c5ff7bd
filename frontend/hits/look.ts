/** What the hits of one result show at a glance: the title, and a few short fields. */

import type { Hit, Json } from './model';
import { shown } from './text';

const TITLES = 'title name headline product label caption subject heading'.split(' ');
const SHORT = 28; // characters of a value that is read at a glance
const LOOKED_AT = 40; // hits that decide; the rest is like them
const PATH =
  /^\w+:\/\/|[\\/].*\.\w{2,5}$|\.(?:jpe?g|png|webp|gif|tiff?|bmp|pdf|mp3|wav)$/i;

/** `title` is the column that heads a hit ('' for the id), `fields` are those at a glance. */
export interface Look {
  title: string;
  fields: string[];
  text: boolean;
  pictures: boolean;
}

export function lookAt(columns: readonly string[], hits: readonly Hit[]): Look {
  const some = hits.slice(0, LOOKED_AT);
  const title = titleOf(columns, some);
  return {
    title,
    fields: columns.filter(name => name !== title && telling(some, name)),
    text: hits.some(hit => hit.text !== ''),
    pictures: hits.some(hit => hit.thumbnail !== null || hit.problem !== '')
  };
}

/** Return what heads a hit: its title, else its id. */
export function heading(hit: Hit, look: Look): string {
  const title = look.title === '' ? undefined : hit.metadata[look.title];
  return typeof title === 'string' && title.trim() !== '' ? title : hit.id;
}

/** Return the hit's text without a title that it merely repeats at its beginning. */
export function body(hit: Hit, look: Look): string {
  const text = hit.text.trimStart();
  const title = heading(hit, look);
  const after = text.slice(title.length);
  // An id "b" does not head the text "blue hat".
  if (title === '' || !text.startsWith(title) || /^[\p{L}\p{N}]/u.test(after)) {
    return text;
  }
  return after.replace(/^[\s.:,;|-]+/, '') || text;
}

function titleOf(columns: readonly string[], hits: readonly Hit[]): string {
  for (const word of TITLES) {
    const name = columns.find(each => lastWord(each) === word);
    if (name !== undefined) {
      const there = hits.filter(hit => typeof hit.metadata[name] === 'string').length;
      if (there > 0 && 2 * there >= hits.length) {
        return name;
      }
    }
  }
  return '';
}

function lastWord(name: string): string {
  return name.toLowerCase().match(/[\p{L}\p{N}]+/gu)?.at(-1) ?? '';
}

function telling(hits: readonly Hit[], name: string): boolean {
  let there = 0;
  let short = 0;
  for (const hit of hits) {
    const value: Json | undefined = hit.metadata[name];
    if (value === null || value === undefined) {
      continue;
    }
    there += 1;
    const text = typeof value === 'object' ? '' : shown(value, SHORT + 1);
    short += Number(text !== '' && text.length <= SHORT && text !== hit.id && !PATH.test(text));
  }
  return there > 0 && there <= (short * 4) / 3;
}

/** What the panel asks, as the user builds it: terms, pictures and sounds to find or avoid. */

import { isRecord } from '../hits/model';
import type { Mark } from '../hits/props';
import { NOTHING_ASKED } from '../protocol';
import type { Asked, Filter, Sign } from '../protocol';

export interface QueryPicture {
  name: string;
  sign: Sign;
  data: ArrayBuffer;
  /** A blob URL to show it with. */
  url: string;
}

export interface QuerySound {
  name: string;
  data: ArrayBuffer;
}

export interface LikedItem {
  key: string;
  id: string;
}

/** `typed` is what stands in the field; `terms` are kept as chips. */
export interface Query {
  typed: string;
  terms: { text: string; sign: Sign }[];
  pictures: QueryPicture[];
  sounds: QuerySound[];
  like: LikedItem[];
  marks: ReadonlyMap<string, Mark>;
  where: string;
  filters: Filter[];
  weights: Record<string, number>;
}

export const EMPTY: Query = {
  typed: '',
  terms: [],
  pictures: [],
  sounds: [],
  like: [],
  marks: new Map(),
  where: '',
  filters: [],
  weights: {}
};

/** What is asked of the kernel. A leading minus turns what is typed into something to avoid. */
export function askedOf(query: Query): Asked {
  const typed = termOf(query.typed);
  return {
    ...NOTHING_ASKED,
    terms: typed === null ? query.terms : [...query.terms, typed],
    pictures: query.pictures.map(({ name, sign }) => ({ name, sign })),
    sounds: query.sounds.map(({ name }) => ({ name })),
    like: query.like.map(item => item.key),
    liked: marked(query, 'up'),
    disliked: marked(query, 'down'),
    where: query.where.trim(),
    filters: query.filters,
    weights: query.weights,
    unfinished: typed !== null && typed.sign === 1
  };
}

/** What goes along with what is asked, in the order in which that names it. */
export function buffersOf(query: Query): ArrayBuffer[] {
  return [...query.pictures, ...query.sounds].map(file => file.data);
}

export function termOf(typed: string): { text: string; sign: Sign } | null {
  const text = typed.trim();
  const bare = text.replace(/^[-−+]\s*/, '');
  return bare === '' ? null : { text: bare, sign: /^[-−]/.test(text) ? -1 : 1 };
}

/** The query that a saved panel, or Python, says; pictures and sounds are not kept. */
export function queryFrom(saved: unknown): Query {
  if (!isRecord(saved)) {
    return EMPTY;
  }
  const terms = listOf(saved.terms).flatMap(term =>
    isRecord(term) && typeof term.text === 'string'
      ? [{ text: term.text, sign: (term.sign === -1 ? -1 : 1) as Sign }]
      : []
  );
  const last = terms.at(-1);
  // The last words go on being typed.
  const typed = last !== undefined && last.sign === 1 ? last.text : '';
  return {
    ...EMPTY,
    typed,
    terms: typed === '' ? terms : terms.slice(0, -1),
    like: texts(saved.like).map(key => ({ key, id: key })),
    marks: new Map([
      ...texts(saved.liked).map(key => [key, 'up'] as const),
      ...texts(saved.disliked).map(key => [key, 'down'] as const)
    ]),
    where: typeof saved.where === 'string' ? saved.where : '',
    filters: listOf(saved.filters).filter(isFilter),
    weights: weightsOf(saved.weights)
  };
}

/** Set, change or take away (null) the filter of one column. */
export function withFilter(query: Query, column: string, filter: Filter | null): Query {
  const others = query.filters.filter(one => one.column !== column);
  return { ...query, filters: filter === null ? others : [...others, filter] };
}

/** The words of a query, to be kept with a verdict on one of its hits. */
export function wordsOf(query: Query): string {
  const words = askedOf(query).terms.map(term => (term.sign === 1 ? term.text : `-${term.text}`));
  return [...words, ...[...query.pictures, ...query.sounds].map(file => file.name)].join(', ');
}

/** Whether something is looked for, or items are only filtered, or all of them are shown. */
export function scopeOf(query: Query): 'search' | 'filter' | 'all' {
  const { terms, pictures, sounds, like, liked, disliked, filters, where } = askedOf(query);
  if ([terms, pictures, sounds, like, liked, disliked].some(given => given.length > 0)) {
    return 'search';
  }
  return filters.length > 0 || where !== '' ? 'filter' : 'all';
}

function marked(query: Query, mark: Mark): string[] {
  return [...query.marks].flatMap(([key, own]) => (own === mark ? [key] : []));
}

function isFilter(one: unknown): one is Filter {
  return (
    isRecord(one) &&
    typeof one.column === 'string' &&
    (one.kind === 'range' || (one.kind === 'values' && Array.isArray(one.values)))
  );
}

function weightsOf(saved: unknown): Record<string, number> {
  const entries = Object.entries(isRecord(saved) ? saved : {});
  return Object.fromEntries(
    entries.filter((one): one is [string, number] => typeof one[1] === 'number')
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return listOf(value).filter((one): one is string => typeof one === 'string');
}

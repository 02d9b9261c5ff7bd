/** Sorts and filters hits by a metadata column. */

import type { Hit, Json } from './model';
import { fold, shown } from './text';

/** `column` null sorts by rank; a filter with `column` null looks through all of a hit. */
export interface Arrangement {
  sort: { column: string | null; descending: boolean };
  filter: { column: string | null; words: string };
}

export const AS_FOUND: Arrangement = {
  sort: { column: null, descending: false },
  filter: { column: null, words: '' }
};

/** Return the hits that match the filter, in the order of the sort; ties keep their rank. */
export function arrange(hits: readonly Hit[], { sort, filter }: Arrangement): readonly Hit[] {
  const test = testOf(filter.words);
  const kept = test === null ? hits : hits.filter(hit => test(valuesOf(hit, filter.column)));
  const { column, descending } = sort;
  if (column === null) {
    return descending ? [...kept].reverse() : kept;
  }
  const keyed = kept.map(hit => ({ hit, key: hit.metadata[column] }));
  return keyed.sort((a, b) => compare(a.key, b.key, descending)).map(each => each.hit);
}

type Test = (values: (Json | undefined)[]) => boolean;

const BOUND = /^(<=|>=|<|>|=)\s*(\S.*)$/;
const RANGE = /^(\S+)\s*\.\.\s*(\S+)$/;

/**
 * Read a filter as people type it: `<5`, `>=2`, `=red`, `2..5`, or words, which all have to
 * be there. Bounds compare numbers, or texts such as dates. Null when nothing is asked.
 */
export function testOf(typed: string): Test | null {
  const asked = typed.trim();
  if (asked === '') {
    return null;
  }
  const bound = BOUND.exec(asked);
  if (bound !== null) {
    const [, sign = '=', than = ''] = bound;
    return values => values.some(value => within(order(value, than), sign));
  }
  const range = RANGE.exec(asked);
  if (range !== null) {
    const [, from = '', to = ''] = range;
    return values =>
      values.some(value => within(order(value, from), '>=') && within(order(value, to), '<='));
  }
  const words = fold(asked).split(/\s+/);
  return values => {
    const all = fold(values.map(value => shown(value, 20_000)).join('\n'));
    return words.every(word => all.includes(word));
  };
}

function valuesOf(hit: Hit, column: string | null): (Json | undefined)[] {
  return column === null
    ? [hit.id, hit.text, hit.source, ...Object.values(hit.metadata)]
    : [hit.metadata[column]];
}

function within(order: number | null, sign: string): boolean {
  if (order === null) {
    return false;
  }
  return sign.includes('=') && order === 0
    ? true
    : (sign.startsWith('<') && order < 0) || (sign.startsWith('>') && order > 0);
}

/** Return how `value` compares with what was typed; null where they cannot be compared. */
function order(value: Json | undefined, typed: string): number | null {
  if (typeof value === 'number') {
    const bound = Number(typed);
    return Number.isNaN(bound) ? null : value - bound;
  }
  if (typeof value === 'string' || typeof value === 'boolean') {
    return texts.compare(String(value), typed);
  }
  return null;
}

// "10 g" after "9 g", whatever the language of the browser.
const texts = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: Json | undefined, b: Json | undefined, descending: boolean): number {
  const [missingA, missingB] = [a === null || a === undefined, b === null || b === undefined];
  if (missingA || missingB) {
    return Number(missingA) - Number(missingB); // missing ones stand last either way
  }
  const sign = descending ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') {
    return sign * (a - b);
  }
  return sign * texts.compare(shown(a), shown(b));
}

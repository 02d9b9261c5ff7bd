/** Sorts and filters what could not be loaded. */

import { fold, visible } from '../hits/text';
import type { Problem } from './model';

export type Column = 'source' | 'reason';

/** Null is the order in which they came up. */
export type Sort = { column: Column; descending: boolean } | null;

// "10.jpg" after "9.jpg", whatever the language of the browser.
const order = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Return what `problems` are searched in, one text for each. */
export function searchable(problems: readonly Problem[]): string[] {
  return problems.map(({ source, reason }) => fold(visible(`${source}\n${reason}`)));
}

/** Return the problems in which all of the words stand, in the order of the sort. */
export function arrange(
  problems: readonly Problem[],
  sought: () => readonly string[],
  words: string,
  sort: Sort
): readonly Problem[] {
  const asked = fold(words.trim());
  let kept = problems;
  if (asked !== '') {
    const [each, texts] = [asked.split(/\s+/), sought()];
    kept = problems.filter((_, index) => each.every(word => texts[index]?.includes(word)));
  }
  if (sort === null) {
    return kept;
  }
  const { column, descending } = sort;
  const sign = descending ? -1 : 1;
  return [...kept].sort((a, b) => sign * order.compare(a[column], b[column]));
}

/** The sort after a click on the head of a column: up, down, and as they came. */
export function turned(sort: Sort, column: Column): Sort {
  if (sort?.column !== column) {
    return { column, descending: false };
  }
  return sort.descending ? null : { column, descending: true };
}

/** What the panel says: whole sentences, in the language of the translator. */

import type { Translator } from '../translation';

export interface PanelStrings {
  search: string;
  placeholder: string;
  addTerm: string;
  addFile: string;
  addHint: string;
  remove(what: string): string;
  turn(what: string, avoid: boolean): string;
  like(id: string): string;
  liked(count: number): string;
  disliked(count: number): string;
  clear: string;
  dropHere: string;
  noPicture(name: string): string;
  tooLarge(name: string, megabytes: number, most: number): string;
  filters: string;
  weights: string;
  weight(signal: string): string;
  weightHint(typed: string): string;
  where: string;
  whereHint: string;
  missing: string;
  others(count: number): string;
  from: string;
  to: string;
  between(low: string, high: string, count: number): string;
  counted(count: number, hits: number | null): string;
  resetFilter(column: string): string;
  found(count: number, more: boolean): string;
  items(count: number): string;
  loading(label: string, done: number, total: number | null): string;
  empty: string;
  busy: string;
  lost: string;
  late: string;
  again: string;
  unreadable: string;
  refused(page: string, kernel: string): string;
  otherVersion(page: string, kernel: string): string;
  notKept(why: string): string;
  selectedElsewhere(count: number): string;
  clearSelection: string;
  moreLikeThis: string;
  useAsQuery: string;
  panel(collection: string): string;
}

/** Return all sentences, translated where there is a translation. */
export function panelStrings(trans: Translator): PanelStrings {
  return {
    search: trans.__('Search'),
    placeholder: trans.__('Words to find; drop or paste a picture or a recording'),
    addTerm: trans.__('Keep these words and type more'),
    addFile: trans.__('Add a file'),
    addHint: trans.__('A picture or a recording, to find what is like it'),
    remove: what => trans.__('Remove %1', what),
    turn: (what, avoid) =>
      avoid ? trans.__('Find %1 instead', what) : trans.__('Avoid %1 instead', what),
    like: id => trans.__('like %1', id),
    liked: count => trans._n('1 liked', '%1 liked', count),
    disliked: count => trans._n('1 disliked', '%1 disliked', count),
    clear: trans.__('Clear all'),
    dropHere: trans.__('Drop to find what is like this'),
    noPicture: name => trans.__('%1 is no recording, and no picture that this browser can open.', name),
    tooLarge: (name, megabytes, most) =>
      trans.__('%1 has %2 MB; a query takes at most %3 MB of its kind.', name, megabytes, most),
    filters: trans.__('Filters'),
    weights: trans.__('Weights'),
    weight: signal => trans.__('Weight of %1', signal),
    weightHint: typed => trans.__('How much this counts; as a command: %1', typed),
    where: trans.__('Condition'),
    whereHint: 'price < 50',
    missing: trans.__('(missing)'),
    others: count => trans._n('1 more value', '%1 more values', count),
    from: trans.__('from'),
    to: trans.__('to'),
    between: (low, high, count) =>
      trans._n('%2 to %3: 1 item', '%2 to %3: %1 items', count, low, high),
    counted: (count, hits) =>
      hits === null
        ? trans._n('1 item', '%1 items', count)
        : trans._n(
            '1 item, %2 of the best hits',
            '%1 items, %2 of the best hits',
            count,
            hits
          ),
    resetFilter: column => trans.__('Reset the filter of %1', column),
    items: count => trans._n('1 item', '%1 items', count),
    found: (count, more) =>
      more
        ? trans._n('1 hit so far', '%1 hits so far', count)
        : trans._n('1 hit', '%1 hits', count),
    loading: (label, done, total) =>
      total === null
        ? trans._n('%2: 1 item', '%2: %1 items', done, label)
        : trans._n('%2: %3 of 1 item', '%2: %3 of %1 items', total, label, done),
    empty: trans.__('This collection is empty; load something into it with %1.', '%mmrag load'),
    busy: trans.__(
      'No answer yet: the kernel is busy with a cell, or the connection to it is lost. The answer is shown when it comes.'
    ),
    lost: trans.__('No kernel answers this panel. Run its cell again to go on.'),
    late: trans.__(
      'The kernel has not answered. It may be busy, or it was restarted: then run the cell again.'
    ),
    again: trans.__('Try again'),
    unreadable: trans.__('The kernel sent an answer that this panel cannot read.'),
    refused: (page, kernel) =>
      trans.__(
        'This panel is of mmrag_jupyter %1 and the kernel has %2; they do not understand each other. Run the cell again, or restart the kernel and reload the page.',
        page,
        kernel
      ),
    otherVersion: (page, kernel) =>
      trans.__(
        'This panel is of mmrag_jupyter %1 and the kernel has %2. Run the cell again.',
        page,
        kernel
      ),
    notKept: why => trans.__('The verdict counts now, but could not be kept yet: %1', why),
    selectedElsewhere: count =>
      trans._n(
        '1 selected hit is not shown here',
        '%1 selected hits are not shown here',
        count
      ),
    clearSelection: trans.__('Clear the selection'),
    moreLikeThis: trans.__('More like this'),
    useAsQuery: trans.__('Use as query'),
    panel: collection => trans.__('Search panel of %1', collection)
  };
}

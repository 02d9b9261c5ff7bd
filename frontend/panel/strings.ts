/** What the panel says: whole sentences. */

export interface PanelStrings {
  search: string;
  placeholder: string;
  addTerm: string;
  addPicture: string;
  remove(what: string): string;
  turn(what: string, avoid: boolean): string;
  like(id: string): string;
  liked(count: number): string;
  disliked(count: number): string;
  clear: string;
  dropHere: string;
  noPicture(name: string): string;
  tooLarge(name: string, megabytes: number): string;
  filters: string;
  weights: string;
  weight(signal: string): string;
  signals: Readonly<Record<string, string>>;
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

const SIGNALS: Readonly<Record<string, string>> = {
  lexical: 'Words',
  text: 'Meaning of texts',
  image: 'Pictures',
  page: 'Pages',
  audio: 'Sound'
};

export const PANEL_ENGLISH: PanelStrings = {
  search: 'Search',
  placeholder: 'Words to find; drop or paste a picture',
  addTerm: 'Keep these words and type more',
  addPicture: 'Add a picture',
  remove: what => `Remove ${what}`,
  turn: (what, avoid) => (avoid ? `Find ${what} instead` : `Avoid ${what} instead`),
  like: id => `like ${id}`,
  liked: count => (count === 1 ? '1 liked' : `${count} liked`),
  disliked: count => (count === 1 ? '1 disliked' : `${count} disliked`),
  clear: 'Clear all',
  dropHere: 'Drop to find pictures like this',
  noPicture: name => `${name} is not a picture that this browser can open.`,
  tooLarge: (name, megabytes) =>
    `${name} has ${megabytes} MB; pictures of at most 200 MB can be a query.`,
  filters: 'Filters',
  weights: 'Weights',
  weight: signal => `Weight of ${SIGNALS[signal] ?? signal}`,
  signals: SIGNALS,
  where: 'Condition',
  whereHint: 'price < 50',
  missing: '(missing)',
  others: count => (count === 1 ? '1 more value' : `${count} more values`),
  from: 'from',
  to: 'to',
  between: (low, high, count) =>
    count === 1 ? `${low} to ${high}: 1 item` : `${low} to ${high}: ${count} items`,
  counted: (count, hits) =>
    hits === null
      ? count === 1
        ? '1 item'
        : `${count} items`
      : `${count} items, ${hits} of the best hits`,
  resetFilter: column => `Reset the filter of ${column}`,
  items: count => (count === 1 ? '1 item' : `${count} items`),
  found: (count, more) =>
    more ? `${count} hits so far` : count === 1 ? '1 hit' : `${count} hits`,
  loading: (label, done, total) =>
    total === null ? `${label}: ${done} items` : `${label}: ${done} of ${total} items`,
  empty: 'This collection is empty; load something into it with %mmrag load.',
  busy:
    'No answer yet: the kernel is busy with a cell, or the connection to it is lost. ' +
    'The answer is shown when it comes.',
  lost: 'No kernel answers this panel. Run its cell again to go on.',
  late: 'The kernel has not answered. It may be busy, or it was restarted: then run the cell again.',
  again: 'Try again',
  unreadable: 'The kernel sent an answer that this panel cannot read.',
  refused: (page, kernel) =>
    `This panel is of mmrag_jupyter ${page} and the kernel has ${kernel}; they do not understand ` +
    'each other. Run the cell again, or restart the kernel and reload the page.',
  otherVersion: (page, kernel) =>
    `This panel is of mmrag_jupyter ${page} and the kernel has ${kernel}. Run the cell again.`,
  notKept: why => `The verdict counts now, but could not be kept yet: ${why}`,
  selectedElsewhere: count =>
    count === 1 ? '1 selected hit is not shown here' : `${count} selected hits are not shown here`,
  clearSelection: 'Clear the selection',
  moreLikeThis: 'More like this',
  useAsQuery: 'Use as query',
  panel: collection => `Search panel of ${collection}`
};

/** What the hits view says: whole sentences, English unless the host brings others. */

export interface Strings {
  gallery: string;
  table: string;
  list: string;
  view: string;
  sortBy: string;
  byRank: string;
  ascending: string;
  descending: string;
  filterColumn: string;
  filterText: string;
  filterWords: string;
  anyColumn: string;
  results: string;
  larger: string;
  close: string;
  previous: string;
  next: string;
  copyId: string;
  copied(id: string): string;
  notCopied: string;
  pictureGone: string;
  noPicture: string;
  noHits: string;
  noneMatch: string;
  id: string;
  picture: string;
  text: string;
  score(score: string): string;
  signal(name: string, rank: number, percent: number): string;
  why: string;
  fields: string;
  /** What is said below the metadata where some of it had to be left out. */
  columnsLeftOut(count: number): string;
  source: string;
  page(page: number): string;
  original(width: number, height: number): string;
  shown(shown: number, total: number): string;
  matching(matching: number, shown: number): string;
  selected(count: number): string;
  thumbUp: string;
  thumbDown: string;
  otherVersion(version: string): string;
  noPayload: string;
}

export const ENGLISH: Strings = {
  gallery: 'Gallery',
  table: 'Table',
  list: 'List',
  view: 'View',
  sortBy: 'Sort by',
  byRank: 'Rank',
  ascending: 'Ascending: change to descending',
  descending: 'Descending: change to ascending',
  filterColumn: 'Filter by',
  filterText: 'Filter words or values',
  filterWords: 'Filter: words, <5, 2..5',
  anyColumn: 'Any column',
  results: 'Results',
  larger: 'Larger picture and all that is known',
  close: 'Close',
  previous: 'Previous',
  next: 'Next',
  copyId: 'Copy id',
  copied: id => `Copied ${id}`,
  notCopied: 'The browser did not allow copying.',
  pictureGone: 'Picture is gone',
  noPicture: 'No picture',
  noHits: 'No hits. Fewer or other words, a wider where, or nothing to avoid may find some.',
  noneMatch: 'None of the hits matches the filter.',
  id: 'Id',
  picture: 'Picture',
  text: 'Text',
  score: score => `Score ${score}`,
  signal: (name, rank, percent) => `${percent}% ${name}, rank ${rank}`,
  why: 'Why it was found',
  fields: 'Fields',
  columnsLeftOut: count =>
    count === 1
      ? 'One more column was left out to keep the notebook small: hits.to_pandas() has it.'
      : `${count} more columns were left out to keep the notebook small: hits.to_pandas() has them.`,
  source: 'Source',
  page: page => `page ${page}`,
  original: (width, height) => `${width} × ${height} pixels`,
  shown: (shown, total) =>
    shown === total
      ? total === 1
        ? '1 hit'
        : `${total} hits`
      : `Showing ${shown} of ${total} hits, to keep the notebook small.`,
  matching: (matching, shown) => `${matching} of ${shown} hits match the filter.`,
  selected: count => (count === 1 ? '1 hit selected' : `${count} hits selected`),
  thumbUp: 'More like this',
  thumbDown: 'Less like this',
  otherVersion: version =>
    `This result was written by another version of mmrag_jupyter (format ${version}). ` +
    'Its plain form is shown.',
  noPayload: 'This result cannot be read. Its plain form is shown.'
};

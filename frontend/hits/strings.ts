/** What the hits view says: whole sentences, in the language of the translator. */

import type { Translator } from '../translation';
import { oneLine } from './text';

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
  /** Of a picture or sound that only the kernel has. */
  unanswered: string;
  play(span: string): string;
  pause(span: string): string;
  /** Of a recording that cannot be read. */
  soundGone: string;
  /** Of a sound that is in no output and that no kernel gives. */
  soundNotKept: string;
  /** Of a sound that was kept in part. */
  playsOnly(span: string): string;
  noHits: string;
  noneMatch: string;
  id: string;
  picture: string;
  text: string;
  score(score: string): string;
  signal(name: string, rank: number, percent: number): string;
  /** What users call a signal; `lexical` is what they type. */
  signals: Readonly<Record<string, string>>;
  /** A signal of what is to be avoided. */
  avoided(name: string): string;
  why: string;
  fields: string;
  /** What is said below the metadata where some of it had to be left out. */
  columnsLeftOut(count: number): string;
  source: string;
  /** How many rows of a joined table matched: "3 of 41 reviews". */
  joined(matched: number, total: number, table: string): string;
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

/** Return all sentences, translated where there is a translation. */
export function hitsStrings(trans: Translator): Strings {
  return {
    gallery: trans.__('Gallery'),
    table: trans.__('Table'),
    list: trans.__('List'),
    view: trans.__('View'),
    sortBy: trans.__('Sort by'),
    byRank: trans.__('Rank'),
    ascending: trans.__('Ascending: change to descending'),
    descending: trans.__('Descending: change to ascending'),
    filterColumn: trans.__('Filter by'),
    filterText: trans.__('Filter words or values'),
    filterWords: trans.__('Filter: words, <5, 2..5'),
    anyColumn: trans.__('Any column'),
    results: trans.__('Results'),
    larger: trans.__('Larger picture and all that is known'),
    close: trans.__('Close'),
    previous: trans.__('Previous'),
    next: trans.__('Next'),
    copyId: trans.__('Copy id'),
    copied: id => trans.__('Copied %1', id),
    notCopied: trans.__('The browser did not allow copying.'),
    pictureGone: trans.__('Picture is gone'),
    noPicture: trans.__('No picture'),
    unanswered: trans.__('The kernel does not answer.'),
    play: span => trans.__('Play %1', span),
    pause: span => trans.__('Pause %1', span),
    soundGone: trans.__('This recording cannot be played.'),
    soundNotKept: trans.__(
      'This sound was not kept, to keep the notebook small. With a running kernel it plays.'
    ),
    playsOnly: span => trans.__('Of this sound, %1 is kept here.', span),
    noHits: trans.__(
      'No hits. Fewer or other words, a wider where, or nothing to avoid may find some.'
    ),
    noneMatch: trans.__('None of the hits matches the filter.'),
    id: trans.__('Id'),
    picture: trans.__('Picture'),
    text: trans.__('Text'),
    score: score => trans.__('Score %1', score),
    signal: (name, rank, percent) => trans.__('%1% %2, rank %3', percent, name, rank),
    signals: {
      lexical: trans.__('words'),
      text: trans.__('meaning of texts'),
      image: trans.__('pictures'),
      page: trans.__('pages'),
      audio: trans.__('sound'),
      'liked words': trans.__('liked words'),
      learnt: trans.__('learnt from words'),
      rerank: trans.__('reranker')
    },
    avoided: name => trans.__('not %1', name),
    why: trans.__('Why it was found'),
    fields: trans.__('Fields'),
    columnsLeftOut: count =>
      trans._n(
        'One more column was left out to keep the notebook small: hits.to_pandas() has it.',
        '%1 more columns were left out to keep the notebook small: hits.to_pandas() has them.',
        count
      ),
    source: trans.__('Source'),
    joined: (matched, total, table) => trans.__('%1 of %2 %3', matched, total, table),
    page: page => trans.__('page %1', page),
    original: (width, height) => trans.__('%1 × %2 pixels', width, height),
    shown: (shown, total) =>
      shown === total
        ? trans._n('%1 hit', '%1 hits', total)
        : trans.__('Showing %1 of %2 hits, to keep the notebook small.', shown, total),
    matching: (matching, shown) =>
      trans.__('%1 of %2 hits match the filter.', matching, shown),
    selected: count => trans._n('%1 hit selected', '%1 hits selected', count),
    thumbUp: trans.__('More like this'),
    thumbDown: trans.__('Less like this'),
    otherVersion: version =>
      trans.__(
        'This result was written by another version of mmrag_jupyter (format %1). Its plain form is shown.',
        version
      ),
    noPayload: trans.__('This result cannot be read. Its plain form is shown.')
  };
}

/** What users call a signal; one that is not known is called as the kernel calls it. */
export function signalName(signal: string, strings: Strings): string {
  const [, avoided, name = ''] = /^(not )?(.*)$/.exec(oneLine(signal, 60)) ?? [];
  const known = Object.hasOwn(strings.signals, name) ? strings.signals[name] : undefined;
  return avoided === undefined ? (known ?? name) : strings.avoided(known ?? name);
}

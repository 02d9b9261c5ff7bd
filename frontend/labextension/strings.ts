/** The sentences of the hits view in the language of JupyterLab. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { Strings } from '../hits/strings';
import { DOMAIN } from './words';

/** Return all sentences, translated where there is a translation. */
export function stringsOf(translator: IRenderMime.ITranslator): Strings {
  const trans = translator.load(DOMAIN);
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
    noHits: trans.__(
      'No hits. Fewer or other words, a wider where, or nothing to avoid may find some.'
    ),
    noneMatch: trans.__('None of the hits matches the filter.'),
    id: trans.__('Id'),
    picture: trans.__('Picture'),
    text: trans.__('Text'),
    score: score => trans.__('Score %1', score),
    signal: (name, rank, percent) => trans.__('%1% %2, rank %3', percent, name, rank),
    why: trans.__('Why it was found'),
    fields: trans.__('Fields'),
    columnsLeftOut: count =>
      trans._n(
        'One more column was left out to keep the notebook small: hits.to_pandas() has it.',
        '%1 more columns were left out to keep the notebook small: hits.to_pandas() has them.',
        count
      ),
    source: trans.__('Source'),
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

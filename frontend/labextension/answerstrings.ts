/** The sentences of an answer in the language of JupyterLab. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { AnswerStrings } from '../answers/strings';
import { DOMAIN } from './words';

export function answerStringsOf(translator: IRenderMime.ITranslator): AnswerStrings {
  const trans = translator.load(DOMAIN);
  return {
    sources: trans.__('Sources'),
    source: (key, title) => trans.__('Source %1: %2', key, title),
    noSource: key => trans.__('There is no source %1.', key),
    page: page => trans.__('page %1', page),
    writtenBy: model => trans.__('written by %1', model),
    writtenWithin: (model, seconds) => trans.__('written by %1 in %2 s', model, seconds),
    cached: trans.__('kept from an earlier time'),
    quoted: trans.__('quoted as it stands in the collection'),
    others: count => trans._n('1 more part retrieved', '%1 more parts retrieved', count),
    pictureGone: trans.__('Picture is gone'),
    soundGone: trans.__('This recording cannot be played.'),
    play: span => trans.__('Play %1', span),
    playsOnly: span => trans.__('Of this sound, %1 is kept here.', span),
    otherVersion: version =>
      trans.__(
        'This answer was written by another version of mmrag_jupyter (format %1). Its plain form is shown.',
        version
      ),
    noPayload: trans.__('This answer cannot be read. Its plain form is shown.')
  };
}

/** What is said before the panel is there. */

import type { Translator } from '../translation';

export interface LoaderStrings {
  waiting: string;
  again: string;
  broken(reason: string): string;
}

export function loaderStrings(trans: Translator): LoaderStrings {
  return {
    waiting: trans.__(
      'The search panel waits for its kernel. Where there is none, or it was restarted, run this cell again.'
    ),
    again: trans.__('Ask again'),
    broken: reason => trans.__('The search panel could not be shown: %1', reason)
  };
}

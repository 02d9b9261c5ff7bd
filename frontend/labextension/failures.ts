/** What went wrong with a question to the kernel, in a sentence. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { visible } from '../hits/text';
import type { Failure } from '../protocol';

/** The kernel's own words, or ours for what happened on the way. */
export function failureWords({ kind, message }: Failure, trans: TranslationBundle): string {
  switch (kind) {
    case 'lost':
      return trans.__('The connection to the kernel was lost.');
    case 'late':
      return trans.__('The kernel has not answered in time.');
    case 'unreadable':
      return trans.__('The answer of the kernel cannot be read.');
    default:
      return visible(message);
  }
}

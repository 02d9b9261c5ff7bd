/** Why a picture or a sound was not had. */

import type { Outcome } from '../client';
import { Unanswered } from '../hits/props';
import type { Verb } from '../protocol';

/** Return what to reject with: the kernel's words, or that it has said nothing. */
export function refused(outcome: Exclude<Outcome<Verb>, { kind: 'ok' }>): Error {
  if (outcome.kind === 'aborted') {
    return new Error('');
  }
  const { kind, message } = outcome.error;
  return kind === 'late' || kind === 'lost' ? new Unanswered() : new Error(message);
}

/** What is being typed into a field, until it is asked for. */

import { useEffect, useState } from 'preact/hooks';

/**
 * Return the text of a field and what sets it: what is typed stays while the rest of the panel
 * is drawn anew, and gives way to another `value`.
 */
export function useDraft(value: string): [string, (typed: string) => void] {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  return [draft, setDraft];
}

/** Keeps the notebook's shortcuts from the keys that are typed into the hits. */

import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

const SUPPRESS = 'data-lm-suppress-shortcuts';
const OURS = /^(?:[ac]|Enter|Escape|Home|End|Page.*|Arrow.*| )$/;
const UNDOES = /^[zy]$/i;

/** Whether a key may reach the notebook: saving and the command palette stay its own. */
export function isForNotebook(event: KeyboardEvent): boolean {
  // In a field these are about what is typed there, not about the cell above.
  const typing = event.target instanceof HTMLInputElement && UNDOES.test(event.key);
  return (event.ctrlKey || event.metaKey) && !OURS.test(event.key) && !typing;
}

/**
 * Letters and arrows are shortcuts of a notebook in command mode (`dd` deletes a cell), and
 * JupyterLab reads keys before any element gets them, unless this attribute stands around it.
 * The attribute follows the key, because some keys stay the notebook's.
 */
export function useShortcutGuard(root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const guard = (event: KeyboardEvent): void => {
      root.current?.toggleAttribute(SUPPRESS, !isForNotebook(event));
    };
    window.addEventListener('keydown', guard, { capture: true });
    root.current?.setAttribute(SUPPRESS, '');
    return () => window.removeEventListener('keydown', guard, { capture: true });
  }, [root]);
}

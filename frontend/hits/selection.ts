/** Selecting several hits, with the mouse or the keyboard. */

import type { Hit } from './model';

/** `one` takes the place of what was selected, `toggle` adds or removes, `range` goes to the anchor. */
export type Picking = 'one' | 'toggle' | 'range';

export function picking(event: MouseEvent | KeyboardEvent): Picking {
  if (event.shiftKey) {
    return 'range';
  }
  return event.ctrlKey || event.metaKey ? 'toggle' : 'one';
}

/** Return the ids that are selected once `index` of `hits` was picked. */
export function picked(
  ids: ReadonlySet<string>,
  hits: readonly Hit[],
  anchor: number,
  index: number,
  how: Picking
): ReadonlySet<string> {
  const id = hits[index]?.id;
  if (id === undefined) {
    return ids;
  }
  if (how === 'range') {
    const [from, to] = [Math.min(anchor, index), Math.max(anchor, index)];
    return new Set(hits.slice(from, to + 1).map(hit => hit.id));
  }
  if (how === 'one') {
    return new Set([id]);
  }
  const changed = new Set(ids);
  if (!changed.delete(id)) {
    changed.add(id);
  }
  return changed;
}

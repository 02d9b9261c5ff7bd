/** What is said of joined tables: how many rows matched, and which row the text is of. */

import type { JSX } from 'preact';

import type { Shared } from './context';
import type { Hit } from './model';
import { oneLine, shown } from './text';

/** Whether there is anything to be said of a hit. */
export function isJoined(hit: Hit): boolean {
  return (hit.joined ?? []).length > 0 || hit.row !== undefined;
}

/** "3 of 41 reviews", and the row that speaks, with its own short columns. */
export function Joined(props: { shared: Shared; hit: Hit }): JSX.Element | null {
  const { shared, hit } = props;
  if (!isJoined(hit)) {
    return null;
  }
  const { strings } = shared.view;
  const counts = (hit.joined ?? []).map(each =>
    strings.joined(each.matched, each.total, oneLine(each.origin, 60))
  );
  const { row } = hit;
  const facts = Object.entries(row?.metadata ?? {}).map(
    ([name, value]) => `${oneLine(name, 24)} ${shown(value, 28)}`
  );
  return (
    <>
      <div class="mmrag-quote" dir="auto">
        {counts.join(' · ')}
      </div>
      {row !== undefined && (
        <div class="mmrag-quote mmrag-dim" dir="auto">
          {oneLine([`${row.origin} ${row.id}`, ...facts].join(' · '), 160)}
        </div>
      )}
    </>
  );
}

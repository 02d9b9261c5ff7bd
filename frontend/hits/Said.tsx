/** The texts of an item that is shown whole: passages, each with when it is said, or where. */

import type { JSX } from 'preact';

import { Marked } from './Marked';
import type { Hit, Passage } from './model';
import { clock, visible } from './text';

export function hasSaid({ said = [] }: Hit): boolean {
  return said.length > 0;
}

export function Said(props: { hit: Hit; terms: ReadonlySet<string> }): JSX.Element | null {
  const { hit, terms } = props;
  const { said = [] } = hit;
  return said.length === 0 ? null : (
    // It scrolls, so the keyboard has to reach it.
    <ul class="mmrag-said" tabIndex={0}>
      {said.map((one, place) => (
        <li key={place}>
          <Place of={one} /> <Marked text={one.text} terms={terms} />
        </li>
      ))}
    </ul>
  );
}

function Place({ of }: { of: Passage }): JSX.Element {
  const { start, end, at } = of;
  return start !== null && end !== null ? (
    <span class="mmrag-dim mmrag-clock">{`${clock(start)}-${clock(end)}`}</span>
  ) : (
    <bdi class="mmrag-dim">{visible(at)}</bdi>
  );
}

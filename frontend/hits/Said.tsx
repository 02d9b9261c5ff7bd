/** What is said in a recording that is shown whole: passages, each with when it is said. */

import type { JSX } from 'preact';

import { Marked } from './Marked';
import type { Hit } from './model';
import { clock } from './text';

export function hasSaid({ spoken = [] }: Hit): boolean {
  return spoken.length > 0;
}

export function Said(props: { hit: Hit; terms: ReadonlySet<string> }): JSX.Element | null {
  const { hit, terms } = props;
  const { spoken = [] } = hit;
  return spoken.length === 0 ? null : (
    // It scrolls, so the keyboard has to reach it.
    <ul class="mmrag-said" tabIndex={0}>
      {spoken.map(({ start, end, text }, place) => (
        <li key={place}>
          <span class="mmrag-dim mmrag-clock">{`${clock(start)}-${clock(end)}`}</span>{' '}
          <Marked text={text} terms={terms} />
        </li>
      ))}
    </ul>
  );
}

/** The lines of a hit that stand beside its picture: name, id, place, short fields. */

import type { JSX } from 'preact';

import type { Shared } from './context';
import { heading } from './look';
import { Marked } from './Marked';
import type { Hit } from './model';
import { clock, fileNameOf, oneLine, shown } from './text';

/** The rank and what heads the hit. */
export function Name(props: { shared: Shared; hit: Hit }): JSX.Element {
  const { shared, hit } = props;
  return (
    <div class="mmrag-name">
      <span class="mmrag-rank">{hit.rank}</span>{' '}
      <b>
        <Marked text={oneLine(heading(hit, shared.look), 200)} terms={shared.terms} />
      </b>
    </div>
  );
}

/** What tells the hit from others of its title: the id, and the place in a file. */
export function subtitles(shared: Shared, hit: Hit): string[] {
  const known = oneLine(hit.id, 100);
  const tell = heading(hit, shared.look) === hit.id ? [] : [known];
  const spot = place(shared, hit);
  if (spot !== '') {
    const file = oneLine(fileNameOf(hit.source), 60);
    tell.push(...(file === '' || known.includes(file) ? [spot] : [file, spot]));
  }
  return tell;
}

/** Why the hit is recommended, where it is. */
export function Reason(props: { hit: Hit }): JSX.Element | null {
  const { reason = '' } = props.hit;
  return reason === '' ? null : (
    <div class="mmrag-quote mmrag-reason" dir="auto">
      {oneLine(reason, 160)}
    </div>
  );
}

/** Where in its source the matched part stands: a page, or a span of time. */
export function place(shared: Shared, hit: Hit): string {
  const spots: string[] = [];
  if (hit.page !== undefined) {
    spots.push(shared.view.strings.page(hit.page));
  }
  if (hit.start !== undefined) {
    spots.push(clock(hit.start) + (hit.end === undefined ? '' : `-${clock(hit.end)}`));
  }
  return spots.join(', ');
}

/** Some short fields, each as its name and value. */
export function Fields(props: { shared: Shared; hit: Hit; most: number }): JSX.Element {
  const { shared, hit, most } = props;
  const names = shared.look.fields.slice(0, most).filter(name => name in hit.metadata);
  return (
    <>
      {names.map(name => (
        <span key={name} class="mmrag-field">
          <bdi class="mmrag-dim">{oneLine(name, 24)}</bdi> <bdi>{shown(hit.metadata[name], 40)}</bdi>
        </span>
      ))}
    </>
  );
}

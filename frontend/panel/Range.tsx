/** A column of numbers or dates: how they lie, and from where to where they may. */

import type { JSX } from 'preact';

import type { Bin, Facet, Filter } from '../protocol';
import { useDraft } from './draft';
import { useStrings } from './speech';

type RangeFacet = Facet & { kind: 'range' };
type Bound = number | string | null;

const END_OF_DAY = ' 23:59:59.999999';

export function Range(props: {
  facet: RangeFacet;
  filter: Filter | null;
  onFilter(column: string, filter: Filter | null): void;
}): JSX.Element {
  const { facet, filter, onFilter } = props;
  const { column } = facet;
  const [low, high] = filter?.kind === 'range' ? [filter.low, filter.high] : [null, null];
  const set = (from: Bound, to: Bound): void =>
    onFilter(
      column,
      from === null && to === null ? null : { kind: 'range', column, low: from, high: to }
    );
  return (
    <div class="mmrag-panel-range">
      <Bars bins={facet.bins} low={low} high={high} onPick={bin => set(bin.low, bin.high)} />
      <div class="mmrag-panel-bounds">
        <End facet={facet} value={low} last={false} onEnd={bound => set(bound, high)} />
        <End facet={facet} value={high} last onEnd={bound => set(low, bound)} />
      </div>
    </div>
  );
}

/** The field for one end of the range. */
function End(props: {
  facet: RangeFacet;
  value: Bound;
  last: boolean;
  onEnd(bound: Bound): void;
}): JSX.Element {
  const { facet, value, last, onEnd } = props;
  const strings = useStrings();
  const date = facet.type === 'date';
  const set = value === null ? '' : String(value).slice(0, date ? 10 : undefined);
  const [typed, type] = useDraft(set);
  return (
    <label>
      <span>{last ? strings.to : strings.from}</span>
      <input
        type={date ? 'date' : 'number'}
        step="any"
        value={typed}
        placeholder={shown(last ? facet.high : facet.low)}
        onInput={event => type(event.currentTarget.value)}
        onChange={event => onEnd(boundOf(event.currentTarget, facet, last))}
      />
    </label>
  );
}

/** The histogram; the fields below say the same to those who do not see it. */
function Bars(props: {
  bins: Bin[];
  low: Bound;
  high: Bound;
  onPick(bin: Bin): void;
}): JSX.Element {
  const { bins, low, high, onPick } = props;
  const strings = useStrings();
  const most = Math.max(...bins.map(bin => bin.count), 1);
  const inside = (bin: Bin): boolean =>
    (low === null || bin.high >= low) && (high === null || bin.low <= high);
  return (
    <div class="mmrag-panel-bars" aria-hidden="true">
      {bins.map(bin => (
        <div
          key={String(bin.low)}
          class={inside(bin) ? 'mmrag-panel-bin' : 'mmrag-panel-bin mmrag-panel-out'}
          title={strings.between(shown(bin.low), shown(bin.high), bin.count)}
          onClick={() => onPick(bin)}
        >
          <div style={{ height: `${share(bin.count, most)}%` }} />
          {bin.hits !== null && <div style={{ height: `${share(bin.hits, most)}%` }} />}
        </div>
      ))}
    </div>
  );
}

/** The root shows a few beside many. */
function share(count: number, most: number): number {
  return 100 * Math.sqrt(count / most);
}

function boundOf(input: HTMLInputElement, facet: RangeFacet, last: boolean): Bound {
  if (input.value === '') {
    return null;
  }
  if (facet.type === 'number') {
    return Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : null;
  }
  const hasTime = String(facet.low).length > 10;
  return hasTime && last ? input.value + END_OF_DAY : input.value;
}

function shown(bound: number | string): string {
  return typeof bound === 'number' ? String(Number(bound.toPrecision(6))) : bound.slice(0, 10);
}

/** What the items can be filtered by, with counts. */

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { oneLine } from '../hits/text';
import type { Json } from '../hits/model';
import type { Facet, FacetValue, Filter } from '../protocol';
import type { Control } from './control';
import { useDraft } from './draft';
import { withFilter } from './query';
import { Range } from './Range';
import { useStrings } from './speech';
import type { State } from './state';

const OPEN = 4; // columns that are unfolded at first
const SIDE_BY_SIDE = 640; // pixels, as the style sheet has it
const SHOWN = 8; // values before the others are asked for

export function Facets(props: { control: Control; state: State }): JSX.Element {
  const { control, state } = props;
  const { query, facets } = state;
  const strings = useStrings();
  // Below one another, the filters would push the hits out of sight.
  const [wide] = useState(() => control.width >= SIDE_BY_SIDE);
  const set = (column: string, filter: Filter | null): void =>
    control.ask(withFilter(control.state.query, column, filter));
  return (
    <details class="mmrag-panel-facets" open={wide}>
      <summary>{strings.filters}</summary>
      <Condition
        where={query.where}
        onWhere={where => control.ask({ ...control.state.query, where })}
      />
      {facets.map((facet, at) => (
        <Column
          key={facet.column}
          facet={facet}
          filter={query.filters.find(one => one.column === facet.column) ?? null}
          unfolded={at < OPEN}
          onFilter={set}
        />
      ))}
    </details>
  );
}

interface ColumnProps<F extends Facet> {
  facet: F;
  filter: Filter | null;
  onFilter(column: string, filter: Filter | null): void;
}

function Column(props: ColumnProps<Facet> & { unfolded: boolean }): JSX.Element {
  const { facet, filter, onFilter, unfolded } = props;
  const strings = useStrings();
  // It does not fold up under the hand that takes its filter away.
  const filtered = useRef(false);
  filtered.current ||= filter !== null;
  return (
    <details class="mmrag-panel-facet" open={unfolded || filtered.current}>
      <summary>
        <bdi>{oneLine(facet.column, 60)}</bdi>
      </summary>
      {filter !== null && (
        <button
          type="button"
          class="mmrag-panel-button"
          onClick={() => onFilter(facet.column, null)}
        >
          {strings.resetFilter(oneLine(facet.column, 40))}
        </button>
      )}
      {facet.kind === 'values' ? (
        <Values facet={facet} filter={filter} onFilter={onFilter} />
      ) : (
        <Range facet={facet} filter={filter} onFilter={onFilter} />
      )}
    </details>
  );
}

function Condition(props: { where: string; onWhere(where: string): void }): JSX.Element {
  const strings = useStrings();
  const [typed, type] = useDraft(props.where);
  return (
    <label class="mmrag-panel-where">
      <span>{strings.where}</span>
      <input
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder={strings.whereHint}
        value={typed}
        onInput={event => type(event.currentTarget.value)}
        onChange={event => props.onWhere(event.currentTarget.value)}
      />
    </label>
  );
}

function Values(props: ColumnProps<Facet & { kind: 'values' }>): JSX.Element {
  const { facet, filter, onFilter } = props;
  const strings = useStrings();
  const [all, setAll] = useState(false);
  const chosen = filter?.kind === 'values' ? filter.values : [];
  const values = all
    ? facet.values
    : facet.values.filter((one, at) => at < SHOWN || chosen.includes(one.value));
  const toggle = (value: Json): void => {
    const changed = chosen.includes(value)
      ? chosen.filter(one => one !== value)
      : [...chosen, value];
    onFilter(
      facet.column,
      changed.length === 0 ? null : { kind: 'values', column: facet.column, values: changed }
    );
  };
  const hidden = facet.values.length - values.length;
  return (
    <ul class="mmrag-panel-values">
      {values.map(one => (
        <li key={String(one.value) + typeof one.value}>
          <label title={strings.counted(one.count, one.hits)}>
            <input
              type="checkbox"
              checked={chosen.includes(one.value)}
              onChange={() => toggle(one.value)}
            />
            <bdi>{one.value === null ? strings.missing : oneLine(one.label, 80)}</bdi>
            <Count value={one} />
          </label>
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button type="button" class="mmrag-panel-button" onClick={() => setAll(true)}>
            {strings.others(hidden)}
          </button>
        </li>
      )}
      {hidden === 0 && facet.others > 0 && <li>{strings.others(facet.others)}</li>}
    </ul>
  );
}

function Count(props: { value: FacetValue }): JSX.Element {
  const { count, hits } = props.value;
  return (
    <span class="mmrag-panel-count">
      {hits !== null && <b>{hits} · </b>}
      {count}
    </span>
  );
}

/** Above the hits: the view, sorting and filtering, how many there are, what to do with them. */

import type { JSX } from 'preact';

import type { Arrangement } from './arrange';
import { Actions } from './buttons';
import type { Shared } from './context';
import { VIEWS, type View } from './model';
import { oneLine } from './text';

export function Toolbar(props: {
  shared: Shared;
  shows: View;
  arrangement: Arrangement;
  said: string;
  onView(view: View): void;
  onArrange(arrangement: Arrangement): void;
}): JSX.Element {
  const { shared, shows, arrangement, onArrange } = props;
  const { view, hits } = shared;
  const { strings, model, selection, actions } = view;
  const { sort, filter } = arrangement;
  const chosen = model.hits.filter(hit => selection?.ids.has(hit.id));
  const direction = sort.descending ? strings.descending : strings.ascending;
  const names = model.columns.map((name, index) => (
    <option key={name} value={index}>
      {oneLine(name, 40)}
    </option>
  ));
  const columnAt = (value: string): string | null => model.columns[Number(value)] ?? null;
  const valueOf = (column: string | null): string =>
    column === null ? 'none' : String(model.columns.indexOf(column));
  return (
    <div class="mmrag-bar">
      <div class="mmrag-views" role="group" aria-label={strings.view}>
        {VIEWS.map(each => (
          <button
            key={each}
            type="button"
            class="mmrag-button"
            data-view={each}
            aria-pressed={shows === each}
            onClick={() => props.onView(each)}
          >
            {strings[each]}
          </button>
        ))}
      </div>
      {view.arrange !== false && model.hits.length > 1 && (
        <>
          <span class="mmrag-pair">
            <select
              class="mmrag-input"
              aria-label={strings.sortBy}
              title={strings.sortBy}
              value={valueOf(sort.column)}
              onChange={event =>
                onArrange({
                  ...arrangement,
                  sort: { ...sort, column: columnAt(event.currentTarget.value) }
                })
              }
            >
              <option value="none">{strings.byRank}</option>
              {names}
            </select>
            <button
              type="button"
              class="mmrag-button"
              aria-label={direction}
              title={direction}
              onClick={() =>
                onArrange({ ...arrangement, sort: { ...sort, descending: !sort.descending } })
              }
            >
              {sort.descending ? '▼' : '▲'}
            </button>
          </span>
          <span class="mmrag-pair">
            <select
              class="mmrag-input"
              aria-label={strings.filterColumn}
              title={strings.filterColumn}
              value={valueOf(filter.column)}
              onChange={event =>
                onArrange({
                  ...arrangement,
                  filter: { ...filter, column: columnAt(event.currentTarget.value) }
                })
              }
            >
              <option value="none">{strings.anyColumn}</option>
              {names}
            </select>
            <input
              class="mmrag-input"
              type="search"
              dir="auto"
              aria-label={strings.filterText}
              placeholder={strings.filterWords}
              title={strings.filterWords}
              value={filter.words}
              onInput={event =>
                onArrange({ ...arrangement, filter: { ...filter, words: event.currentTarget.value } })
              }
            />
          </span>
        </>
      )}
      {actions
        .filter(action => action.whole === true)
        .map(action => (
          <button
            key={action.id}
            type="button"
            class="mmrag-button"
            data-action={action.id}
            disabled={action.enabled?.([...hits]) === false}
            onClick={() => shared.act(action.id, [...hits])}
          >
            {action.label}
          </button>
        ))}
      {chosen.length > 0 && (
        <span class="mmrag-chosen">
          <span>{strings.selected(chosen.length)}</span> <Actions shared={shared} hits={chosen} tab />
        </span>
      )}
      <span class="mmrag-status mmrag-dim" role="status" dir="auto">
        {props.said}
      </span>
    </div>
  );
}

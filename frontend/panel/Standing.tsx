/** How it stands: with the kernel, with what was asked, and with loads into this collection. */

import type { JSX } from 'preact';

import { oneLine } from '../hits/text';
import { VERSION } from '../protocol';
import type { Failure } from '../protocol';
import type { Control } from './control';
import { useStrings } from './speech';
import type { State } from './state';
import type { PanelStrings } from './strings';

export function Standing(props: { control: Control; state: State }): JSX.Element {
  const { control, state } = props;
  const strings = useStrings();
  const running = state.loads.filter(load => load.state === 'running');
  const elsewhere = [...state.selected].filter(
    id => state.model?.hits.every(hit => hit.id !== id) ?? true
  ).length;
  const said = sayings(state, strings);
  return (
    <div class="mmrag-panel-standing">
      <div role="status" class="mmrag-panel-said">
        {said.map(line => (
          <p key={line} dir="auto">
            {line}
          </p>
        ))}
      </div>
      {isAskedAgain(state) && (
        <button type="button" class="mmrag-panel-button" onClick={() => control.again()}>
          {strings.again}
        </button>
      )}
      {running.map(load => (
        <label key={load.id} class="mmrag-panel-load">
          <span dir="auto">
            {strings.loading(oneLine(load.label, 80), load.done, load.total)}
          </span>
          {load.total === null ? (
            <progress />
          ) : (
            <progress value={load.done} max={Math.max(load.total, 1)} />
          )}
        </label>
      ))}
      {elsewhere > 0 && (
        <p>
          {strings.selectedElsewhere(elsewhere)}{' '}
          <button
            type="button"
            class="mmrag-panel-button"
            onClick={() => control.select(new Set())}
          >
            {strings.clearSelection}
          </button>
        </p>
      )}
    </div>
  );
}

function sayings(state: State, strings: PanelStrings): string[] {
  const lines: string[] = [];
  if (state.connection === 'lost') {
    lines.push(strings.lost);
  } else if (state.failure !== null) {
    lines.push(sayingOf(state.failure, strings));
  } else if (state.connection === 'waiting') {
    lines.push(strings.busy);
  }
  if (state.otherVersion !== null) {
    lines.push(strings.otherVersion(VERSION, oneLine(state.otherVersion, 20)));
  }
  if (state.notice !== '') {
    lines.push(oneLine(state.notice, 500));
  }
  if (state.unkept !== '') {
    lines.push(strings.notKept(oneLine(state.unkept, 500)));
  }
  return lines;
}

function sayingOf(failure: Failure, strings: PanelStrings): string {
  switch (failure.kind) {
    case 'version':
      return strings.refused(VERSION, oneLine(failure.message, 20));
    case 'late':
      return strings.late;
    case 'lost':
      return strings.lost;
    case 'unreadable':
      return strings.unreadable;
    default:
      return oneLine(failure.message, 500);
  }
}

function isAskedAgain(state: State): boolean {
  return state.connection === 'lost' || ['late', 'lost'].includes(state.failure?.kind ?? '');
}

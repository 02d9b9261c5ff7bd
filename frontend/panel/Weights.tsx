/** How much each signal counts. */

import type { JSX } from 'preact';

import type { Control } from './control';
import type { State } from './state';
import { PANEL_ENGLISH as strings } from './strings';

const MOST = 3;

export function Weights(props: { control: Control; state: State }): JSX.Element | null {
  const { control, state } = props;
  const { query, signals } = state;
  if (signals.length < 2) {
    return null;
  }
  const set = (signal: string, weight: number): void => {
    const { [signal]: _, ...others } = query.weights;
    const weights = weight === 1 ? others : { ...others, [signal]: weight };
    control.ask({ ...query, weights }, true);
  };
  return (
    <details class="mmrag-panel-facet">
      <summary>{strings.weights}</summary>
      {signals.map(signal => {
        const weight = query.weights[signal] ?? 1;
        return (
          <label key={signal} class="mmrag-panel-weight">
            <span>{strings.signals[signal] ?? signal}</span>
            <input
              type="range"
              min={0}
              max={MOST}
              step={0.25}
              value={weight}
              aria-label={strings.weight(signal)}
              onInput={event => set(signal, event.currentTarget.valueAsNumber)}
            />
            <output>{weight}</output>
          </label>
        );
      })}
    </details>
  );
}

/** How much each signal counts. */

import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';

import { signalName } from '../hits/strings';
import type { Control } from './control';
import { Spoken } from './speech';
import type { State } from './state';

const MOST = 3;

export function Weights(props: { control: Control; state: State }): JSX.Element | null {
  const { control, state } = props;
  const { query, signals } = state;
  const { panel: strings, hits } = useContext(Spoken);
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
        const name = signalName(signal, hits);
        const hint = strings.weightHint(`--weights ${signal}=${weight}`);
        return (
          <label key={signal} class="mmrag-panel-weight" title={hint}>
            <span>{name}</span>
            <input
              type="range"
              min={0}
              max={MOST}
              step={0.25}
              value={weight}
              aria-label={strings.weight(name)}
              onInput={event => set(signal, event.currentTarget.valueAsNumber)}
            />
            <output>{weight}</output>
          </label>
        );
      })}
    </details>
  );
}

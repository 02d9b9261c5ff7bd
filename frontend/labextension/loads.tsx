/** Loads that are running in the kernel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'preact';

import { visible } from '../hits/text';
import type { Load } from '../protocol';

export function Loads(props: { loads: readonly Load[]; trans: TranslationBundle }): JSX.Element {
  const { loads, trans } = props;
  const running = loads.filter(load => load.state === 'running');
  return (
    <div class="jp-mmrag-loads">
      {running.map(load => (
        <label key={load.id}>
          <span dir="auto">{visible(load.label)}</span>
          <progress
            max={load.total ?? undefined}
            value={load.total === null ? undefined : Math.min(load.done, load.total)}
          />
          <span>{pace(load, trans)}</span>
        </label>
      ))}
    </div>
  );
}

function pace(load: Load, trans: TranslationBundle): string {
  const done =
    load.total === null
      ? trans._n('%1 item', '%1 items', load.done)
      : trans.__('%1 of %2 items', load.done.toLocaleString(), load.total.toLocaleString());
  return load.left === null ? done : `${done}, ${left(load.left, trans)}`;
}

function left(seconds: number, trans: TranslationBundle): string {
  return seconds < 90
    ? trans.__('%1 s left', Math.max(1, Math.round(seconds)))
    : trans.__('%1 min left', Math.round(seconds / 60));
}

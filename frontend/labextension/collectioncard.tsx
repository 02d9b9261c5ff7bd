/** One collection in the sidebar's list. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { visible } from '../hits/text';
import type { CollectionRow } from '../protocol';

interface Props {
  row: CollectionRow;
  chosen: boolean;
  choose(): void;
  trans: TranslationBundle;
}

export function CollectionCard({ row, chosen, choose, trans }: Props): JSX.Element {
  const card = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (chosen) {
      card.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [chosen]);
  return (
    <li ref={card} class={chosen ? 'jp-mmrag-card jp-mod-chosen' : 'jp-mmrag-card'}>
      <button type="button" aria-pressed={chosen} onClick={choose}>
        <b dir="auto">{visible(row.name)}</b>
        <span>{sizeOf(row, trans)}</span>
        {row.current && <span class="jp-mmrag-current">{trans.__('current')}</span>}
      </button>
      {row.problem !== '' && (
        <p class="jp-mmrag-error" dir="auto">
          {visible(row.problem)}
        </p>
      )}
      {chosen && (
        <dl>
          {facts(row, trans).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto" title={visible(value)}>
                {visible(value)}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function sizeOf(row: CollectionRow, trans: TranslationBundle): string {
  if (row.items === null) {
    return trans.__('cannot be opened');
  }
  return row.items === 0 ? trans.__('empty') : trans._n('%1 item', '%1 items', row.items);
}

function facts(row: CollectionRow, trans: TranslationBundle): [string, string][] {
  const parts = Object.entries(row.parts)
    .filter(([, count]) => count > 0)
    .map(([modality, count]) => `${count.toLocaleString()} ${modality}`);
  const all: [string, string][] = [
    [trans.__('Parts'), parts.join(', ')],
    [trans.__('Models'), row.models.join(', ')],
    [trans.__('Folder'), row.folder]
  ];
  return all.filter(([, value]) => value !== '');
}

/** What the kernel holds: its collections, loads that are running, and a search in one. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import type { Client } from '../client';
import type { Strings } from '../hits/strings';
import type { CollectionRow, Failure, Load } from '../protocol';
import { CollectionCard } from './collectioncard';
import { failureWords } from './failures';
import type { KernelLink } from './link';
import { Loads } from './loads';
import type { Preferences } from './preferences';
import { Search } from './search';
import type { Ways } from './ways';

interface Props {
  panel: NotebookPanel;
  link: KernelLink;
  client: Client;
  preferences: Preferences;
  loads: readonly Load[];
  kept: readonly string[];
  ways: Ways;
  trans: TranslationBundle;
  strings: Strings;
}

type Listed =
  | { kind: 'pending' }
  | { kind: 'ready'; rows: CollectionRow[]; current: string | null }
  | { kind: 'failed'; error: Failure };

export function Holdings(props: Props): JSX.Element {
  const { panel, client, preferences, loads, kept, ways, trans, strings } = props;
  const listed = useCollections(props.link, client);
  const [chosen, choose] = useState<string | null>(null);
  const waiting = client.connection === 'waiting';
  return (
    <>
      <p class="jp-mmrag-waiting" role="status">
        {waiting && trans.__('Waiting for the kernel…')}
      </p>
      <Loads loads={loads} trans={trans} />
      {kept.length > 0 && (
        <p class="jp-mmrag-kept">
          {trans.__('This notebook keeps its own %config Mmrag: %1.', kept.join(', '))}
        </p>
      )}
      {listed.kind === 'failed' && (
        <p class="jp-mmrag-error">{failureWords(listed.error, trans)}</p>
      )}
      {listed.kind === 'ready' && listed.rows.length === 0 && (
        <p>
          {trans.__(
            'There is no collection yet. Load a dataframe in a cell with %1, or a file by the context menu of the file browser.',
            '%mmrag load NAME'
          )}
        </p>
      )}
      {listed.kind === 'ready' && listed.rows.length > 0 && (
        <Filled
          rows={listed.rows}
          chosen={chosenOf(listed.rows, chosen ?? listed.current)}
          choose={choose}
          {...{ panel, client, preferences, ways, trans, strings }}
        />
      )}
    </>
  );
}

interface FilledProps extends Omit<Props, 'link' | 'loads' | 'kept'> {
  rows: readonly CollectionRow[];
  chosen: CollectionRow;
  choose(name: string): void;
}

function Filled({ rows, chosen, choose, ...rest }: FilledProps): JSX.Element {
  const { trans } = rest;
  return (
    <>
      <section class="jp-mmrag-collections" aria-label={trans.__('Collections')}>
        <ul>
          {rows.map(row => (
            <CollectionCard
              key={row.name}
              row={row}
              chosen={row === chosen}
              choose={() => choose(row.name)}
              trans={trans}
            />
          ))}
        </ul>
      </section>
      <Search key={chosen.name} collection={chosen} {...rest} />
    </>
  );
}

/** The chosen collection, while it is there. */
function chosenOf(rows: readonly CollectionRow[], name: string | null): CollectionRow {
  const found = rows.find(row => row.name === name) ?? rows.find(row => row.current) ?? rows[0];
  if (found === undefined) {
    throw new Error('There is no collection to choose.');
  }
  return found;
}

function useCollections(link: KernelLink, client: Client): Listed {
  const [listed, setListed] = useState<Listed>({ kind: 'pending' });
  useEffect(() => {
    const lifetime = new AbortController();
    const ask = async (): Promise<void> => {
      const outcome = await client.ask('collections', {}, { signal: lifetime.signal });
      if (outcome.kind === 'ok') {
        const { collections, current } = outcome.result;
        setListed({ kind: 'ready', rows: collections, current });
      } else if (outcome.kind === 'error') {
        setListed({ kind: 'failed', error: outcome.error });
      }
    };
    const again = (): void => void ask();
    link.collectionsChanged.connect(again);
    again();
    return () => {
      lifetime.abort();
      link.collectionsChanged.disconnect(again);
    };
  }, [link, client]);
  return listed;
}

/** A search in one collection: as you type, the answer to an older question is dropped. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import type { Client } from '../client';
import { Sounds } from '../fetched/sounds';
import { Thumbnails } from '../fetched/thumbnails';
import { HitsView } from '../hits/HitsView';
import type { Action, HitsViewProps } from '../hits/HitsView';
import { keyOf } from '../hits/model';
import type { Hit, View } from '../hits/model';
import type { Strings } from '../hits/strings';
import { visible } from '../hits/text';
import { NOTHING_ASKED } from '../protocol';
import type { Asked, CollectionRow, Failure, Found, FoundHit } from '../protocol';
import { dragCell } from './drag';
import { failureWords } from './failures';
import { fitsInLine, likeLine, queryLine, showLine } from './magicline';
import type { Preferences } from './preferences';
import type { Ways } from './ways';

/** Milliseconds without a key before the kernel is asked, and hits asked for at once. */
const PAUSE = 200;
const PAGE = 60;

interface Props {
  panel: NotebookPanel;
  client: Client;
  collection: CollectionRow;
  preferences: Preferences;
  ways: Ways;
  trans: TranslationBundle;
  strings: Strings;
}

type Result =
  | { kind: 'none' }
  | { kind: 'pending' }
  /** `text` is what was asked for. */
  | { kind: 'found'; text: string; found: Found; hits: FoundHit[] }
  | { kind: 'failed'; error: Failure };

export function Search(props: Props): JSX.Element {
  const { client, collection, trans } = props;
  const [typed, setTyped] = useState('');
  const { result, more } = useSearch(client, collection, typed.trim());
  return (
    <section class="jp-mmrag-search" aria-label={trans.__('Search')}>
      <input
        type="search"
        class="jp-mod-styled"
        value={typed}
        placeholder={trans.__('Search in %1', visible(collection.name))}
        aria-label={trans.__('Search in %1', visible(collection.name))}
        spellcheck={false}
        onInput={event => setTyped(event.currentTarget.value)}
      />
      {result.kind === 'pending' && <p role="status">{trans.__('Searching…')}</p>}
      {result.kind === 'failed' && (
        <p class="jp-mmrag-error" role="alert" dir="auto">
          {failureWords(result.error, trans)}
        </p>
      )}
      {result.kind === 'found' && (
        <Hits {...props} text={typed.trim()} result={result} more={more} />
      )}
    </section>
  );
}

interface HitsProps extends Props {
  text: string;
  result: Result & { kind: 'found' };
  more(): void;
}

function Hits(props: HitsProps): JSX.Element {
  const { client, collection, preferences, result, strings, more } = props;
  const thumbnails = useMemo(() => new Thumbnails(client, collection.name), [client, collection]);
  useEffect(() => () => thumbnails.dispose(), [thumbnails]);
  const sounds = useMemo(() => new Sounds(client, collection.name), [client, collection]);
  useEffect(() => () => sounds.dispose(), [sounds]);
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [view, setView] = useState<View | null>(null);
  const { found, hits } = result;
  const shows = view ?? viewOf(preferences, hits);
  const model = useMemo(
    () => ({
      title: '',
      notices: found.notices,
      view: shows,
      total: hits.length,
      columns: found.columns,
      hits
    }),
    [found, hits, shows]
  );
  const given: HitsViewProps = {
    model,
    picture: thumbnails.picture,
    sound: sounds.sound,
    actions: actionsOf(props),
    strings,
    selection: { ids, onChange: setIds },
    onNearEnd: found.more ? more : undefined,
    onView: setView,
    onDragStart: (hit, event) => {
      const dragged = ids.has(hit.id) ? hits.filter(each => ids.has(each.id)) : [hit];
      const lines = dragged.filter(each => fitsInLine(keyOf(each)));
      if (lines.length > 0) {
        dragCell(event, lines.map(each => showLine(keyOf(each), collection.name)).join('\n'));
      }
    },
    thumbnail: Math.min(preferences.thumbnail, 160),
    // The sidebar is narrow, and its search itself the filter.
    arrange: false,
    height: null
  };
  return <HitsView {...given} />;
}

function actionsOf({ panel, collection, text, ways, trans }: HitsProps): Action[] {
  const { name } = collection;
  const writable = (hits: readonly Hit[]): boolean =>
    hits.length > 0 && hits.every(hit => fitsInLine(keyOf(hit)));
  return [
    {
      id: 'insert',
      label: trans.__('Insert as cell'),
      enabled: writable,
      run: hits =>
        ways.insert(panel, hits.map(hit => showLine(keyOf(hit), name)).join('\n'))
    },
    {
      id: 'like',
      label: trans.__('Use as query'),
      enabled: writable,
      run: hits => ways.insert(panel, likeLine(hits.map(keyOf), name))
    },
    {
      id: 'query',
      label: trans.__('Insert this search as a cell'),
      whole: true,
      enabled: () => fitsInLine(text),
      run: () => ways.insert(panel, queryLine(text, name))
    }
  ];
}

function viewOf(preferences: Preferences, hits: readonly Hit[]): View {
  if (preferences.view !== 'auto') {
    return preferences.view;
  }
  return hits.some(hit => hit.thumbnail !== null) ? 'gallery' : 'list';
}

interface Searching {
  result: Result;
  /** Ask for the hits after those that are there. */
  more(): void;
}

/** What is found for `text`; asked anew when the collection is another, or has changed. */
function useSearch(client: Client, collection: CollectionRow, text: string): Searching {
  const [result, setResult] = useState<Result>({ kind: 'none' });
  const lifetime = useRef(new AbortController());
  const asksForMore = useRef(false);
  const ask = async (
    text: string,
    held: readonly FoundHit[],
    signal: AbortSignal
  ): Promise<void> => {
    const asked: Asked = { ...NOTHING_ASKED, terms: [{ text, sign: 1 }] };
    const question = { collection: collection.name, asked, offset: held.length, limit: PAGE };
    const outcome = await client.ask('search', question, { signal });
    if (outcome.kind === 'ok') {
      const found = outcome.result;
      const answer: Result = { kind: 'found', text, found, hits: [...held, ...found.hits] };
      // Further hits belong to those that they were asked for, and to no others.
      setResult(before =>
        held.length === 0 || (before.kind === 'found' && before.hits === held) ? answer : before
      );
    } else if (outcome.kind === 'error') {
      setResult({ kind: 'failed', error: outcome.error });
    }
  };
  useEffect(() => {
    if (text === '') {
      setResult({ kind: 'none' });
      return;
    }
    const { signal } = (lifetime.current = new AbortController());
    // What was found before stays in sight until there is an answer.
    setResult(before => (before.kind === 'found' ? before : { kind: 'pending' }));
    const pause = setTimeout(() => void ask(text, [], signal), PAUSE);
    return () => {
      clearTimeout(pause);
      lifetime.current.abort();
    };
  }, [client, collection, text]);
  const more = (): void => {
    if (result.kind === 'found' && !asksForMore.current) {
      asksForMore.current = true;
      void ask(result.text, result.hits, lifetime.current.signal).finally(() => {
        asksForMore.current = false;
      });
    }
  };
  return { result, more };
}

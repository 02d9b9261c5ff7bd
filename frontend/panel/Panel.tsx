/** The whole panel: what is asked above, what to filter by beside, the hits below. */

import type { JSX } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { asksForCell } from '../cellevent';
import { HitsView } from '../hits/HitsView';
import { keyOf } from '../hits/model';
import type { Hit } from '../hits/model';
import type { Action, Marks, Selection } from '../hits/props';
import { isForNotebook, useShortcutGuard } from '../hits/shortcuts';
import { oneLine } from '../hits/text';
import type { Model } from './channel';
import type { Control } from './control';
import { Asked } from './Asked';
import { Facets } from './Facets';
import { filesOf, prepared } from './pictures';
import { Spoken, useStrings } from './speech';
import { Standing } from './Standing';
import type { State } from './state';
import type { PanelStrings } from './strings';
import { Weights } from './Weights';

export function Panel(props: { control: Control; state: State; model: Model }): JSX.Element {
  const { control, state, model } = props;
  const [over, setOver] = useState(false);
  const root = useRef<HTMLElement>(null);
  useShortcutGuard(root);
  const strings = useStrings();
  const take = useTaking(control, strings);
  const name = oneLine(String(model.get('collection')), 60);

  useEffect(() => {
    // A new query is read from its beginning.
    root.current?.querySelector('.mmrag-scroll')?.scrollTo(0, 0);
  }, [state.searches]);

  return (
    <section
      ref={root}
      class={over ? 'mmrag-panel-inside mmrag-panel-over' : 'mmrag-panel-inside'}
      aria-label={strings.panel(name)}
      aria-busy={state.searching}
      onKeyDown={event => {
        if (!isForNotebook(event)) {
          event.stopPropagation();
        }
      }}
      onPaste={event => {
        const files = filesOf(event.clipboardData);
        if (files.length > 0) {
          event.preventDefault();
          take(files);
        }
      }}
      onDragOver={event => {
        if (event.dataTransfer?.types.includes('Files')) {
          event.preventDefault();
          event.stopPropagation();
          setOver(true);
        }
      }}
      onDragLeave={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) {
          setOver(false);
        }
      }}
      onDrop={event => {
        setOver(false);
        const files = filesOf(event.dataTransfer);
        if (files.length > 0) {
          // Otherwise the page itself would open the file, or upload it.
          event.preventDefault();
          event.stopPropagation();
          take(files);
        }
      }}
    >
      <Asked control={control} query={state.query} onFiles={take} />
      <Standing control={control} state={state} />
      {over && <p class="mmrag-panel-drop">{strings.dropHere}</p>}
      <div class="mmrag-panel-body">
        <div class="mmrag-panel-side">
          <Weights control={control} state={state} />
          <Facets control={control} state={state} />
        </div>
        <Hits control={control} state={state} model={model} />
      </div>
    </section>
  );
}

function Hits(props: { control: Control; state: State; model: Model }): JSX.Element {
  const { control, state, model } = props;
  const { query, more, scope } = state;
  const { panel: strings, hits: spoken } = useContext(Spoken);
  const total = state.model?.total ?? 0;
  const marks = useMemo<Marks>(
    () => ({
      of: hit => query.marks.get(keyOf(hit)) ?? null,
      onMark: (hit, mark) => void control.judge(hit, mark)
    }),
    [query.marks]
  );
  const collection = String(model.get('collection'));
  const cells = useRef<HTMLDivElement>(null);
  const [givesCells, setGivesCells] = useState(false);
  useEffect(() => {
    // Not before there is an answer: a host may put the panel into its page late.
    setGivesCells(asksForCell(cells.current, { collection, keys: [] }));
  }, [state.searches]);
  const selection = useMemo<Selection>(
    () => ({ ids: state.selected, onChange: ids => control.select(ids) }),
    [state.selected]
  );
  const actions = useMemo<Action[]>(() => {
    const search = (hits: Hit[]): void => {
      const like = hits.map(hit => ({ key: keyOf(hit), id: hit.id }));
      control.ask({ ...control.state.query, like });
    };
    const useAsQuery = (hits: Hit[]): void => {
      if (!asksForCell(cells.current, { collection, keys: hits.map(keyOf) })) {
        search(hits);
      }
    };
    return [
      { id: 'like', label: strings.moreLikeThis, run: search },
      ...(givesCells
        ? [{ id: 'use-as-query', label: strings.useAsQuery, run: useAsQuery, roomy: true }]
        : [])
    ];
  }, [givesCells, strings]);
  const words = useMemo(
    () => ({
      ...spoken,
      shown: (count: number) =>
        scope === 'search' ? strings.found(count, more) : strings.items(total)
    }),
    [more, scope, strings, total]
  );
  const next = useCallback(() => void control.more(), []);
  if (state.model === null) {
    return <div class="mmrag-panel-hits" />;
  }
  if (state.model.hits.length === 0 && scope === 'all') {
    return <p class="mmrag-panel-hits mmrag-panel-empty">{strings.empty}</p>;
  }
  return (
    <div ref={cells} class="mmrag-panel-hits">
      <HitsView
        model={state.model}
        picture={control.picture}
        sound={control.sounds.sound}
        actions={actions}
        strings={words}
        selection={selection}
        marks={marks}
        onNearEnd={next}
        onView={view => control.show(view)}
        thumbnail={Number(model.get('thumbnail')) || 160}
        arrange={false}
      />
    </div>
  );
}

/** Return what puts pictures and recordings into the query, and says which files are neither. */
function useTaking(
  control: Control,
  strings: PanelStrings
): (files: readonly File[]) => void {
  return useCallback(files => {
    void (async () => {
      for (const file of files) {
        const name = oneLine(file.name || 'picture', 60);
        const made = await prepared(file);
        const { query } = control.state;
        if (made.kind === 'sound') {
          control.notify('');
          control.ask({ ...query, sounds: [...query.sounds, { name, data: made.data }] });
        } else if (made.kind === 'picture') {
          const picture = { name, sign: 1 as const, data: made.data, url: made.url };
          control.notify('');
          control.ask({ ...query, pictures: [...query.pictures, picture] });
        } else {
          control.notify(
            made.kind === 'large'
              ? strings.tooLarge(name, made.megabytes, made.most)
              : strings.noPicture(name)
          );
        }
      }
    })();
  }, [strings]);
}

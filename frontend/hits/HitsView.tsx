/** The hits, as a gallery, a table or a list: one view for results, panel and sidebar. */

import { render, type JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { arrange, AS_FOUND, type Arrangement } from './arrange';
import { COPY } from './buttons';
import type { Shared } from './context';
import { Detail } from './Detail';
import { Gallery } from './Gallery';
import { moved, type Shape } from './keys';
import { List } from './List';
import { lookAt } from './look';
import { keyOf, type Hit, type View } from './model';
import type { HitsViewProps, Mounted } from './props';
import { picked, picking, type Picking } from './selection';
import { isForNotebook, useShortcutGuard } from './shortcuts';
import { Table } from './Table';
import { oneLine, visible, wanted } from './text';
import { Toolbar } from './Toolbar';

export function HitsView(view: HitsViewProps): JSX.Element {
  const { model, strings, selection } = view;
  const [shows, setShows] = useState<View>(model.view);
  const [arrangement, setArrangement] = useState<Arrangement>(AS_FOUND);
  const [active, setActive] = useState(0);
  const [focused, setFocused] = useState(0);
  const [open, setOpen] = useState<Hit | null>(null);
  const [told, setTold] = useState('');
  const anchor = useRef(0);
  const shape = useRef<Shape>({ count: 0, across: 1, page: 1 });
  const root = useRef<HTMLElement>(null);
  useShortcutGuard(root);
  useEffect(() => setShows(model.view), [model.view]);

  const hits = useMemo(() => arrange(model.hits, arrangement), [model.hits, arrangement]);
  const look = useMemo(() => lookAt(model.columns, model.hits), [model.columns, model.hits]);
  const terms = useMemo(() => wanted(model.hits.flatMap(hit => hit.terms)), [model.hits]);
  const current = Math.min(active, Math.max(hits.length - 1, 0));
  // Who looks at a hit goes on seeing it, whatever is found beneath it meanwhile.
  const large = open === null || hits.includes(open) ? open : (anew(hits, open) ?? open);

  useEffect(() => {
    // The keyboard, too, comes to other hits at their beginning, unless it is among them.
    const node = root.current;
    if (node !== null && !node.contains((node.getRootNode() as Document).activeElement)) {
      setActive(0);
    }
  }, [model.hits[0]]);

  // What was said of a hit is over once others are there, or another is looked at.
  useEffect(() => setTold(''), [model.hits, open]);

  const goTo = (index: number): void => {
    setActive(index);
    setFocused(count => count + 1);
  };
  const openAt = (index: number): void => setOpen(hits[index] ?? null);
  const pick = (index: number, how: Picking): void => {
    if (selection !== undefined) {
      selection.onChange(picked(selection.ids, hits, anchor.current, index, how));
    }
    anchor.current = how === 'range' ? anchor.current : index;
  };
  const copy = async (some: readonly Hit[]): Promise<void> => {
    const keys = some.map(keyOf).join('\n');
    try {
      await navigator.clipboard.writeText(keys);
      setTold(strings.copied(oneLine(keys, 60)));
    } catch {
      setTold(strings.notCopied);
    }
  };
  const shared: Shared = {
    view,
    hits,
    look,
    terms,
    active: current,
    focused,
    shape,
    click: (index, event) => {
      if (hasSelectedText(event.currentTarget)) {
        return;
      }
      setActive(index);
      if (selection === undefined) {
        openAt(index);
      } else {
        pick(index, picking(event));
      }
    },
    open: openAt,
    act: (id, some) => {
      if (id === COPY) {
        void copy(some);
      } else {
        // What it does is to be seen, and the dialog has the focus until it is gone.
        setOpen(null);
        const run = (): void => view.actions.find(action => action.id === id)?.run(some);
        open === null ? run() : setTimeout(run, 0);
      }
    }
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isForNotebook(event)) {
      return;
    }
    event.stopPropagation();
    const target = event.target as HTMLElement;
    const command = event.ctrlKey || event.metaKey;
    if (target.dataset.index === undefined) {
      // A button on a hit: Escape leads back to the hit itself.
      if (event.key === 'Escape' && target.closest('[data-index]') !== null) {
        goTo(current);
      }
      return;
    }
    const hit = hits[current];
    const to = moved(event.key, current, shape.current);
    if (to !== null) {
      goTo(to);
      if (event.shiftKey) {
        pick(to, 'range');
      }
    } else if (event.key === 'Enter') {
      openAt(current);
    } else if (event.key === ' ') {
      if (selection === undefined) {
        openAt(current);
      } else {
        pick(current, event.shiftKey ? 'range' : 'toggle');
      }
    } else if (event.key === 'Escape' && selection !== undefined) {
      selection.onChange(new Set());
    } else if (command && event.key === 'a' && selection !== undefined) {
      selection.onChange(new Set(hits.map(each => each.id)));
    } else if (command && event.key === 'c' && hit !== undefined && !hasSelectedText(target)) {
      const chosen = hits.filter(each => selection?.ids.has(each.id));
      void copy(chosen.length > 0 ? chosen : [hit]);
    } else {
      return;
    }
    event.preventDefault();
  };

  const filtered = arrangement.filter.words.trim() !== '';
  const count = filtered
    ? strings.matching(hits.length, model.hits.length)
    : strings.shown(model.hits.length, model.total);
  const said = told || count;
  return (
    <section
      ref={root}
      class="mmrag-hits"
      aria-label={visible(model.title) || strings.results}
      onKeyDown={onKeyDown}
    >
      {model.title !== '' && (
        <div class="mmrag-title" dir="auto">
          {visible(model.title)}
        </div>
      )}
      {model.notices.map((notice, index) => (
        <div key={index} class="mmrag-notice" dir="auto">
          {visible(notice)}
        </div>
      ))}
      <Toolbar
        shared={shared}
        shows={shows}
        arrangement={arrangement}
        said={said}
        onView={to => {
          setShows(to);
          view.onView?.(to);
        }}
        onArrange={changed => {
          setTold('');
          setActive(0);
          setArrangement(changed);
        }}
      />
      {hits.length === 0 && (
        <p class="mmrag-empty">{filtered ? strings.noneMatch : strings.noHits}</p>
      )}
      {hits.length > 0 && shows === 'gallery' && <Gallery shared={shared} />}
      {hits.length > 0 && shows === 'list' && <List shared={shared} />}
      {hits.length > 0 && shows === 'table' && (
        <Table
          shared={shared}
          sort={arrangement.sort}
          onSort={column => {
            const { sort } = arrangement;
            const descending = sort.column === column && !sort.descending;
            setArrangement({ ...arrangement, sort: { column, descending } });
          }}
        />
      )}
      {large !== null && (
        <Detail
          shared={shared}
          hit={large}
          said={told}
          onMove={openAt}
          onClose={() => {
            goTo(hits.includes(large) ? hits.indexOf(large) : current);
            setOpen(null);
          }}
        />
      )}
    </section>
  );
}

/** The hit that has taken the place of one that was found before. */
function anew(hits: readonly Hit[], before: Hit): Hit | undefined {
  return hits.find(hit => keyOf(hit) === keyOf(before));
}

/** Whether words in an element are selected, to be copied. */
function hasSelectedText(element: EventTarget | null): boolean {
  const selected = document.getSelection();
  return selected?.isCollapsed === false && (element as Node).contains(selected.anchorNode);
}

/** Draw the hits into `host`, which is theirs until `dispose`. */
export function mountHits(host: HTMLElement, props: HitsViewProps): Mounted {
  render(<HitsView {...props} />, host);
  return {
    update: changed => render(<HitsView {...changed} />, host),
    dispose: () => render(null, host)
  };
}

export type { Action, HitsViewProps, Mark, Marks, Mounted, Selection, Size } from './props';
export type { Strings } from './strings';

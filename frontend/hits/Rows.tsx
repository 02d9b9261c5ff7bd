/** A virtual grid of hits: some side by side, in rows of which only those in sight exist. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { defaultRangeExtractor } from '@tanstack/virtual-core';

import type { Shared } from './context';
import type { Hit } from './model';
import { useVirtual, type Scroller } from './virtual';

const NEAR = 3; // rows before the end at which more are asked for

export interface RowsProps {
  shared: Shared;
  /** The element that scrolls. */
  host: { current: HTMLElement | null };
  across: number;
  /** Pixels; with `measured`, what a row takes before it was drawn. */
  height: number;
  measured?: boolean;
  /** Pixels above the first row that scroll along. */
  head?: number;
}

/** Return the virtual scroller over the rows: it follows the focus, and asks for more hits. */
export function useRows(props: RowsProps): Scroller {
  const { shared, host, across, height, head = 0 } = props;
  const { hits, active, focused, shape, view } = shared;
  const count = Math.ceil(hits.length / across);
  const row = Math.min(Math.floor(active / across), count - 1);
  const scroller = useVirtual({
    count,
    getScrollElement: () => host.current,
    estimateSize: () => height,
    indexAttribute: 'data-row',
    paddingStart: head,
    scrollPaddingStart: head,
    // The hit that the keyboard comes back to stays in the page, wherever it was scrolled.
    rangeExtractor: range => {
      const rows = defaultRangeExtractor(range);
      return row < 0 || rows.includes(row) ? rows : [...rows, row].sort((a, b) => a - b);
    }
  });
  const fits = Math.max(Math.floor((scroller.scrollRect?.height ?? 0) / height), 1);
  shape.current = { count: hits.length, across, page: fits };

  useLayoutEffect(() => scroller.measure(), [scroller, height, across, head]);

  const asked = useRef(0);
  useLayoutEffect(() => {
    if (focused !== asked.current) {
      asked.current = focused;
      scroller.scrollToIndex(row, { align: 'auto' });
      const hit = host.current?.querySelector<HTMLElement>(`[data-index="${active}"]`);
      hit?.focus({ preventScroll: true });
    }
  }, [focused]);

  const last = scroller.range?.endIndex ?? 0;
  const { onNearEnd } = view;
  useEffect(() => {
    if (count > 0 && last >= count - NEAR) {
      onNearEnd?.();
    }
  }, [last, count, onNearEnd]);
  return scroller;
}

export function Rows(
  props: RowsProps & {
    class: string;
    label: string;
    cell(hit: Hit, index: number): JSX.Element;
  }
): JSX.Element {
  const { shared, across, measured = false } = props;
  const { hits, active, view } = shared;
  const scroller = useRows(props);
  return (
    <div
      role="grid"
      aria-label={props.label}
      aria-rowcount={Math.ceil(hits.length / across)}
      aria-colcount={across}
      aria-multiselectable={view.selection === undefined ? undefined : true}
      class={props.class}
      style={{ height: `${scroller.getTotalSize()}px`, '--mmrag-across': across }}
    >
      {scroller.getVirtualItems().map(row => (
        <div
          key={row.key}
          role="row"
          aria-rowindex={row.index + 1}
          data-row={row.index}
          ref={measured ? node => scroller.measureElement(node) : undefined}
          class="mmrag-row"
          style={{ transform: `translateY(${row.start}px)` }}
        >
          {hits.slice(row.index * across, (row.index + 1) * across).map((hit, column) => {
            const index = row.index * across + column;
            const { selection, onDragStart } = view;
            return (
              <div
                key={index}
                role="gridcell"
                aria-colindex={column + 1}
                aria-selected={selection?.ids.has(hit.id)}
                class="mmrag-hit"
                data-index={index}
                data-id={hit.id}
                tabIndex={index === active ? 0 : -1}
                draggable={onDragStart !== undefined}
                onDragStart={event => onDragStart?.(hit, event)}
                onClick={event => shared.click(index, event)}
                onDblClick={() => shared.open(index)}
              >
                {props.cell(hit, index)}
              </div>
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** The hits as rows, their columns side by side; of many columns only those in sight exist. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import type { Shared } from './context';
import { Name, Reason, subtitles } from './Facts';
import { Joined } from './Joined';
import { body, heading } from './look';
import { Marked } from './Marked';
import type { Hit } from './model';
import { Picture } from './pictures';
import { PlayButton } from './Player';
import type { Arrangement } from './arrange';
import { useRows } from './Rows';
import { oneLine, shown } from './text';
import { useVirtual } from './virtual';

const ROW = 58; // pixels
const HEAD = 34;

interface Column {
  key: string;
  label: string;
  width: number;
  /** The metadata column by which a click on the head sorts; null for the rank. */
  sorts?: string | null;
  cell(hit: Hit): JSX.Element;
}

export function Table(props: {
  shared: Shared;
  sort: Arrangement['sort'];
  onSort(column: string | null): void;
}): JSX.Element {
  const { shared, sort } = props;
  const { hits, view, active } = shared;
  const { height = 560, selection, strings } = view;
  const host = useRef<HTMLDivElement>(null);
  const columns = columnsOf(shared);
  const rows = useRows({ shared, host, across: 1, height: ROW, head: HEAD });
  const across = useVirtual({
    count: columns.length,
    horizontal: true,
    getScrollElement: () => host.current,
    estimateSize: index => columns[index]?.width ?? 0,
    overscan: 1
  });
  const seen = across.getVirtualItems();
  const wide = across.getTotalSize();
  const total = rows.getTotalSize();
  const place = (start: number, size: number): { left: string; width: string } => ({
    left: `${start}px`,
    width: `${size}px`
  });
  return (
    <div
      ref={host}
      class="mmrag-scroll mmrag-across"
      // The bar below takes room of its own.
      style={{ maxHeight: height === null ? undefined : `${height}px`, height: `${total + 18}px` }}
    >
      <div
        role="grid"
        aria-label={strings.results}
        aria-rowcount={hits.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable={selection === undefined ? undefined : true}
        class="mmrag-table"
        style={{ height: `${total}px`, width: `${wide}px` }}
      >
        <div role="row" aria-rowindex={1} class="mmrag-head" style={{ height: `${HEAD}px` }}>
          {seen.map(({ index, start, size }) => {
            const column = columns[index];
            if (column === undefined) {
              return null;
            }
            const { sorts } = column;
            const sorted = sorts !== undefined && sorts === sort.column;
            return (
              <div
                key={column.key}
                role="columnheader"
                aria-colindex={index + 1}
                aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : undefined}
                class="mmrag-cell"
                style={place(start, size)}
              >
                {sorts === undefined ? (
                  <span dir="auto">{column.label}</span>
                ) : (
                  <button type="button" class="mmrag-sorts" onClick={() => props.onSort(sorts)}>
                    <span dir="auto">{column.label}</span>
                    <span aria-hidden="true">{sorted ? (sort.descending ? ' ▼' : ' ▲') : ''}</span>
                  </button>
                )}
              </div>
            );
          })}
        </div>
        {rows.getVirtualItems().map(({ index: row, start: top }) => {
          const hit = hits[row];
          return hit === undefined ? null : (
            <div
              key={row}
              role="row"
              aria-rowindex={row + 2}
              aria-selected={selection?.ids.has(hit.id)}
              class="mmrag-hit mmrag-line"
              data-index={row}
              data-id={hit.id}
              tabIndex={row === active ? 0 : -1}
              draggable={view.onDragStart !== undefined}
              onDragStart={event => view.onDragStart?.(hit, event)}
              onClick={event => shared.click(row, event)}
              onDblClick={() => shared.open(row)}
              style={{ height: `${ROW}px`, transform: `translateY(${top}px)` }}
            >
              {seen.map(({ index, start, size }) => (
                <div
                  key={columns[index]?.key}
                  role="gridcell"
                  aria-colindex={index + 1}
                  class="mmrag-cell"
                  style={place(start, size)}
                >
                  {columns[index]?.cell(hit)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function columnsOf(shared: Shared): Column[] {
  const { look, view, terms } = shared;
  const { model, strings } = view;
  const columns: Column[] = [];
  if (look.pictures) {
    columns.push({
      key: 'picture',
      label: strings.picture,
      width: 84,
      cell: hit => (
        <div class="mmrag-frame mmrag-small">
          <Picture hit={hit} alt={hit.alt || heading(hit, look)} view={view}>
            {'—'}
          </Picture>
          <PlayButton hit={hit} view={view} tab={hit === shared.hits[shared.active]} />
        </div>
      )
    });
  }
  columns.push({
    key: 'name',
    label: look.title === '' ? strings.id : oneLine(look.title, 60),
    width: 220,
    sorts: look.title === '' ? null : look.title,
    cell: hit => (
      <>
        <Name shared={shared} hit={hit} />
        <div class="mmrag-sub mmrag-dim" dir="auto">
          {subtitles(shared, hit).join(' · ')}
        </div>
        <Reason hit={hit} />
        <Joined shared={shared} hit={hit} />
      </>
    )
  });
  if (look.text) {
    columns.push({
      key: 'text',
      label: strings.text,
      width: 340,
      cell: hit => <Marked text={body(hit, look)} terms={terms} width={150} />
    });
  }
  // Short columns first: the long ones are read in the dialog.
  const rest = model.columns.filter(name => name !== look.title && !look.fields.includes(name));
  for (const name of [...look.fields, ...rest]) {
    columns.push({
      key: `column ${name}`,
      label: oneLine(name, 60),
      width: 140,
      sorts: name,
      cell: hit => <bdi>{shown(hit.metadata[name], 120)}</bdi>
    });
  }
  return columns;
}

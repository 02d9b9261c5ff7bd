/** What could not be loaded, as a table of which only the rows in sight exist. */

import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { defaultRangeExtractor } from '@tanstack/virtual-core';

import { moved } from '../hits/keys';
import { oneLine } from '../hits/text';
import { useVirtual } from '../hits/virtual';
import { arrange, searchable, turned, type Column, type Sort } from './arrange';
import type { Problem, Report } from './model';
import type { ReportStrings } from './strings';

const ROW = 27; // pixels of a row that was not drawn yet
const HEAD = 28;
const HIGHEST = 320;
const COLUMNS: readonly Column[] = ['source', 'reason'];
const TEXT = 500; // characters of a cell

export interface ProblemsProps {
  report: Report;
  strings: ReportStrings;
  /** What was done last, in place of how many there are. */
  told: string;
  onArrange(): void;
  onCopy(problem: Problem): void;
}

export function Problems(props: ProblemsProps): JSX.Element {
  const { report, strings, told, onCopy } = props;
  const { problems, total } = report;
  const host = useRef<HTMLDivElement>(null);
  const [words, setWords] = useState('');
  const [sort, setSort] = useState<Sort>(null);
  const [active, setActive] = useState(0);
  const [focused, setFocused] = useState(0);

  const texts = useRef<{ of: readonly Problem[]; all: string[] } | null>(null);
  const shown = useMemo(() => {
    // Made when somebody filters, and not before.
    const sought = (): readonly string[] => {
      if (texts.current?.of !== problems) {
        texts.current = { of: problems, all: searchable(problems) };
      }
      return texts.current.all;
    };
    return arrange(problems, sought, words, sort);
  }, [problems, words, sort]);
  const current = Math.min(active, Math.max(shown.length - 1, 0));

  const scroller = useVirtual({
    count: shown.length,
    getScrollElement: () => host.current,
    estimateSize: () => ROW,
    indexAttribute: 'data-index',
    paddingStart: HEAD,
    scrollPaddingStart: HEAD,
    // The row that the keyboard comes back to stays in the page, wherever it was scrolled.
    rangeExtractor: range => {
      const rows = defaultRangeExtractor(range);
      return shown.length === 0 || rows.includes(current)
        ? rows
        : [...rows, current].sort((a, b) => a - b);
    }
  });
  // Rows stand in other places now, and are as high as what they hold.
  useLayoutEffect(() => scroller.measure(), [scroller, shown]);

  const asked = useRef(0);
  useLayoutEffect(() => {
    if (focused !== asked.current) {
      asked.current = focused;
      scroller.scrollToIndex(current, { align: 'auto' });
      const row = host.current?.querySelector<HTMLElement>(`[data-index="${current}"]`);
      row?.focus({ preventScroll: true });
    }
  }, [focused]);

  const rearrange = (): void => {
    setActive(0);
    props.onArrange();
    scroller.scrollToOffset(0);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const row = target.closest('[data-index]');
    // The heads of the columns are buttons, and so is one in each row, which presses itself.
    if (row === null || (row !== target && event.key === 'Enter')) {
      return;
    }
    const page = Math.floor(((scroller.scrollRect?.height ?? 0) - HEAD) / ROW);
    const to = moved(event.key, current, { count: shown.length, across: 1, page });
    const problem = shown[current];
    if (to !== null) {
      setActive(to);
      setFocused(count => count + 1);
    } else if (problem !== undefined && asksToCopy(event)) {
      onCopy(problem);
    } else {
      return;
    }
    event.preventDefault();
  };

  const filtered = words.trim() !== '';
  const count =
    problems.length === total ? strings.all(total) : strings.some(problems.length, total);
  const said = told || (filtered ? strings.matching(shown.length, problems.length) : count);
  return (
    <>
      <div class="mmrag-bar">
        {problems.length > 1 && (
          <input
            class="mmrag-input"
            type="search"
            dir="auto"
            aria-label={strings.filter}
            placeholder={strings.filter}
            value={words}
            onInput={event => {
              setWords(event.currentTarget.value);
              rearrange();
            }}
          />
        )}
        <span class="mmrag-status mmrag-dim" role="status" dir="auto">
          {said}
        </span>
      </div>
      {filtered && shown.length === 0 && <p class="mmrag-empty">{strings.noneMatches}</p>}
      {shown.length > 0 && (
        <div ref={host} class="mmrag-scroll mmrag-across" style={{ maxHeight: `${HIGHEST}px` }}>
          <div
            role="grid"
            aria-label={strings.problems}
            aria-rowcount={shown.length + 1}
            aria-colcount={COLUMNS.length}
            class="mmrag-table"
            style={{ height: `${scroller.getTotalSize()}px` }}
            onKeyDown={onKeyDown}
          >
            <div
              role="row"
              aria-rowindex={1}
              class="mmrag-head mmrag-problem"
              style={{ height: `${HEAD}px` }}
            >
              {COLUMNS.map(column => (
                <Head
                  key={column}
                  label={strings[column]}
                  sorted={sort?.column === column ? sort : null}
                  onClick={() => {
                    setSort(turned(sort, column));
                    rearrange();
                  }}
                />
              ))}
            </div>
            {scroller.getVirtualItems().map(({ index, start }) => {
              const problem = shown[index];
              return problem === undefined ? null : (
                <div
                  key={index}
                  ref={node => scroller.measureElement(node)}
                  role="row"
                  aria-rowindex={index + 2}
                  class="mmrag-line mmrag-problem"
                  data-index={index}
                  tabIndex={index === current ? 0 : -1}
                  onFocus={() => setActive(index)}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <div role="gridcell" aria-colindex={1}>
                    <bdi>{oneLine(problem.source, TEXT)}</bdi>
                    <button
                      type="button"
                      class="mmrag-thumb mmrag-copy"
                      aria-label={strings.copy}
                      title={strings.copy}
                      tabIndex={-1}
                      onClick={() => onCopy(problem)}
                    >
                      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true">
                        <path d="M8 8h12v13H8zM16 8V3H4v13h4" />
                      </svg>
                    </button>
                  </div>
                  <div role="gridcell" aria-colindex={2}>
                    <bdi>{oneLine(problem.reason, TEXT)}</bdi>
                  </div>
                </div>
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

function Head(props: { label: string; sorted: Sort; onClick(): void }): JSX.Element {
  const { label, sorted } = props;
  return (
    <div
      role="columnheader"
      aria-sort={sorted === null ? undefined : sorted.descending ? 'descending' : 'ascending'}
    >
      <button type="button" class="mmrag-sorts" onClick={props.onClick}>
        <span>{label}</span>
        <span aria-hidden="true">{sorted === null ? '' : sorted.descending ? ' ▼' : ' ▲'}</span>
      </button>
    </div>
  );
}

/** Enter, or what copies everywhere, unless words are selected, which are copied then. */
function asksToCopy(event: KeyboardEvent): boolean {
  const command = event.ctrlKey || event.metaKey;
  const selected = document.getSelection()?.isCollapsed === false;
  return event.key === 'Enter' || (command && event.key === 'c' && !selected);
}

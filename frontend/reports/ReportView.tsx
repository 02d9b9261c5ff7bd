/** A load's report: what it did in numbers, and below that what it could not load. */

import { Fragment, render, type JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { isForNotebook, useShortcutGuard } from '../hits/shortcuts';
import { oneLine, visible } from '../hits/text';
import { keyOf, OUTCOMES, type Outcome, type Problem, type Report } from './model';
import { Problems } from './Problems';
import type { ReportStrings } from './strings';

/** A button that puts a cell below. */
export interface ReportAction {
  id: string;
  label: string;
  run(): void;
}

export interface ReportViewProps {
  report: Report;
  actions: readonly ReportAction[];
  strings: ReportStrings;
}

// Told even where there are none.
const ALWAYS: ReadonlySet<Outcome> = new Set(['added', 'updated', 'unchanged', 'removed', 'failed']);

export function ReportView({ report, actions, strings }: ReportViewProps): JSX.Element {
  const root = useRef<HTMLElement>(null);
  const [told, setTold] = useState('');
  useShortcutGuard(root);
  const copy = async (problem: Problem): Promise<void> => {
    const key = keyOf(problem);
    if (key === '') {
      setTold(strings.cannotCopy);
      return;
    }
    try {
      await navigator.clipboard.writeText(key);
      setTold(strings.copied(oneLine(key, 60)));
    } catch {
      setTold(strings.notCopied);
    }
  };
  const { counts } = report;
  const outcomes = OUTCOMES.filter(outcome => counts[outcome] > 0 || ALWAYS.has(outcome));
  return (
    <section
      ref={root}
      class="mmrag-report"
      aria-label={strings.report(oneLine(report.collection, 120))}
      onKeyDown={event => isForNotebook(event) || event.stopPropagation()}
    >
      <div class="mmrag-counts">
        <bdi class="mmrag-name">{oneLine(report.collection, 200)}</bdi>
        {': '}
        {outcomes.map((outcome, index) => (
          <Fragment key={outcome}>
            {index > 0 && ', '}
            <span
              class={counts[outcome] === 0 ? 'mmrag-dim' : ''}
              data-outcome={counts[outcome] === 0 ? undefined : outcome}
            >
              {strings.counted(outcome, counts[outcome])}
            </span>
          </Fragment>
        ))}
      </div>
      <div class="mmrag-dim mmrag-origin">
        <bdi>{oneLine(report.source, 200)}</bdi> <span>{pace(report, strings)}</span>
      </div>
      {report.notices.map((notice, index) => (
        <div key={index} class="mmrag-notice" dir="auto">
          {visible(notice)}
        </div>
      ))}
      {actions.length > 0 && (
        <div class="mmrag-bar">
          {actions.map(action => (
            <button
              key={action.id}
              type="button"
              class="mmrag-button"
              data-action={action.id}
              onClick={() => action.run()}
            >
              {action.label}
            </button>
          ))}
        </div>
      )}
      {report.total > 0 && (
        <Problems
          report={report}
          strings={strings}
          told={told}
          onArrange={() => setTold('')}
          onCopy={problem => void copy(problem)}
        />
      )}
    </section>
  );
}

/**
 * How long it took, and how fast it was where it took long enough to tell. What was unchanged flew
 * by and does not count.
 */
function pace({ counts, seconds }: Report, strings: ReportStrings): string {
  const took = seconds.toFixed(1);
  const rate = (counts.added + counts.updated) / seconds;
  return rate > 0 && seconds >= 1
    ? strings.tookAt(took, rate >= 10 ? rate.toFixed(0) : String(Number(rate.toPrecision(2))))
    : strings.took(took);
}

/** Draw a report into `host`, which is its own until it is drawn again or `clearReport`. */
export function drawReport(host: HTMLElement, props: ReportViewProps): void {
  render(<ReportView {...props} />, host);
}

export function clearReport(host: HTMLElement): void {
  render(null, host);
}

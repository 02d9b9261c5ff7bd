/**
 * The shape of `application/vnd.mmrag.report.v1+json`, checked on entry.
 *
 * What Python writes is said in `mmrag_jupyter/display/report_payload.py`. A notebook can come
 * from anybody, so nothing here is believed: a member of another type is as good as none.
 */

import { count, isRecord, number, records, text, texts, unreadable } from '../hits/json';
import type { Unreadable } from '../hits/json';

export const REPORT_MIME = 'application/vnd.mmrag.report.v1+json';

/** What became of items; `kept` are no longer in the source and were not removed. */
export const OUTCOMES = ['added', 'updated', 'unchanged', 'removed', 'failed', 'kept'] as const;

export type Outcome = (typeof OUTCOMES)[number];

export interface Problem {
  /** An item's id, a file or a folder. */
  source: string;
  reason: string;
  /** The source as the kernel knows it, where `source` is a form of it that can be shown. */
  key?: string;
}

export interface Report {
  collection: string;
  source: string;
  counts: Record<Outcome, number>;
  seconds: number;
  notices: string[];
  /** How many problems there are; `problems` may be fewer. */
  total: number;
  problems: Problem[];
}

export type ReportReading = { kind: 'report'; report: Report } | Unreadable;

const MOST_PROBLEMS = 200_000;

/** Read unknown JSON as a report, or say why it is none. */
export function readReport(data: unknown): ReportReading {
  const why = unreadable(data, 'problems');
  if (why !== null || !isRecord(data)) {
    return why ?? { kind: 'shape', missing: 'object' };
  }
  if (!isRecord(data.counts)) {
    return { kind: 'shape', missing: 'counts' };
  }
  const { counts } = data;
  const of = (outcome: Outcome): number => count(counts[outcome]) ?? 0;
  const problems = records(data.problems).slice(0, MOST_PROBLEMS).map(readProblem);
  return {
    kind: 'report',
    report: {
      collection: text(data.collection),
      source: text(data.source),
      counts: {
        added: of('added'),
        updated: of('updated'),
        unchanged: of('unchanged'),
        removed: of('removed'),
        failed: of('failed'),
        kept: of('kept')
      },
      seconds: Math.max(number(data.seconds) ?? 0, 0),
      notices: texts(data.notices),
      total: Math.max(count(data.total) ?? 0, problems.length),
      problems
    }
  };
}

/** The name by which the kernel knows a source: what is copied. */
export function keyOf(problem: Problem): string {
  return problem.key ?? problem.source;
}

function readProblem(data: Record<string, unknown>): Problem {
  return {
    source: text(data.source),
    reason: text(data.reason),
    ...(typeof data.key === 'string' ? { key: data.key } : {})
  };
}

/**
 * The shape of `application/vnd.mmrag.answer.v1+json`, checked on entry.
 *
 * What Python writes is said in `mmrag_jupyter/display/answer_payload.py`. A notebook can come
 * from anybody, so nothing here is believed, and elements are those of a short list.
 */

import { count, isRecord, number, records, text, texts, unreadable } from '../hits/json';
import type { Unreadable } from '../hits/json';
import { readThumbnail, type Thumbnail } from '../hits/model';

export const ANSWER_MIME = 'application/vnd.mmrag.answer.v1+json';

/** The elements that an answer is drawn with. */
export type Tag =
  | ('p' | 'h4' | 'blockquote' | 'pre' | 'code' | 'strong' | 'em' | 's' | 'br' | 'hr')
  | ('ul' | 'ol' | 'li' | 'table' | 'thead' | 'tbody' | 'tr' | 'th' | 'td');

const TAGS: readonly Tag[] = [
  ...(['p', 'h4', 'blockquote', 'pre', 'code', 'strong', 'em', 's', 'br', 'hr'] as const),
  ...(['ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td'] as const)
];

/** A piece of the answer: a text, a citation, or an element around further pieces. */
export type Prose =
  | { kind: 'text'; text: string }
  | { kind: 'cite'; key: number; struck: boolean }
  | { kind: 'element'; tag: Tag; start?: number; inside: Prose[] };

export interface Source {
  /** The number by which the text cites it. */
  key: number;
  item: string;
  title: string;
  quote: string;
  fields: [string, string][];
  thumbnail: Thumbnail | null;
  source: string;
  page?: number;
  /** Seconds in a recording. */
  start?: number;
  end?: number;
  /** Which of the sounds beside it plays, and up to which second where it ends early. */
  audio?: number;
  until?: number;
  alt: string;
  /** Why the picture or sound could not be opened; empty when it could, or when there is none. */
  problem: string;
}

export type AnswerState = 'complete' | 'stopped' | 'cut' | 'unsupported';

const STATES: readonly AnswerState[] = ['complete', 'stopped', 'cut', 'unsupported'];

export interface Answer {
  question: string;
  prose: Prose[];
  /** What wrote it; '' where it is quoted as it stands. */
  model: string;
  state: AnswerState;
  cached: boolean;
  notices: string[];
  seconds: [string, number][];
  sources: Source[];
  /** How many parts were retrieved and are not cited. */
  others: number;
}

export type AnswerReading = { kind: 'answer'; answer: Answer } | Unreadable;

const DEEPEST = 20; // elements within elements

/** Read unknown JSON as an answer, or say why it is none. */
export function readAnswer(data: unknown): AnswerReading {
  const why = unreadable(data, 'prose');
  if (why !== null || !isRecord(data)) {
    return why ?? { kind: 'shape', missing: 'object' };
  }
  return {
    kind: 'answer',
    answer: {
      question: text(data.question),
      prose: readProse(data.prose),
      model: text(data.model),
      state: STATES.find(state => state === data.state) ?? 'complete',
      cached: data.cached === true,
      notices: texts(data.notices),
      seconds: isRecord(data.seconds)
        ? Object.entries(data.seconds).flatMap(([step, took]) =>
            number(took) === undefined ? [] : [[step, took as number] as [string, number]]
          )
        : [],
      sources: records(data.sources).map(readSource),
      others: count(data.others) ?? 0
    }
  };
}

function readProse(data: unknown, depth = 0): Prose[] {
  if (!Array.isArray(data) || depth > DEEPEST) {
    return [];
  }
  return data.flatMap((node: unknown): Prose[] => {
    if (typeof node === 'string') {
      return [{ kind: 'text', text: node }];
    }
    if (!isRecord(node)) {
      return [];
    }
    const key = count(node.cite);
    if (key !== undefined) {
      return [{ kind: 'cite', key, struck: node.struck === true }];
    }
    const inside = readProse(node.inside, depth + 1);
    const tag = TAGS.find(each => each === node.tag);
    // What is no element of ours is left out; the text in it is not.
    return tag === undefined ? inside : [{ kind: 'element', tag, start: count(node.start), inside }];
  });
}

function readSource(data: Record<string, unknown>): Source {
  return {
    key: count(data.key) ?? 0,
    item: text(data.item),
    title: text(data.title),
    quote: text(data.quote),
    fields: Array.isArray(data.fields)
      ? data.fields.filter(Array.isArray).map(each => [text(each[0]), text(each[1])])
      : [],
    thumbnail: isRecord(data.thumbnail) ? readThumbnail(data.thumbnail) : null,
    source: text(data.source),
    page: count(data.page),
    start: number(data.start),
    end: number(data.end),
    audio: count(data.audio),
    until: number(data.until),
    alt: text(data.alt),
    problem: text(data.problem)
  };
}

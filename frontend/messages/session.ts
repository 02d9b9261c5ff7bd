/** What a kernel has: its collections, its running loads, and what completes a line. */

import { countOrNull, countOrZero, isRecord, list, numberOrNull, text, textOrNull, texts } from './read';

export interface CollectionRow {
  name: string;
  /** Null where it cannot be opened; `problem` says why. */
  items: number | null;
  /** How many parts there are of each modality. */
  parts: Record<string, number>;
  models: string[];
  folder: string;
  current: boolean;
  problem: string;
}

export interface Collections {
  current: string | null;
  collections: CollectionRow[];
}

export interface Load {
  id: number;
  collection: string;
  label: string;
  done: number;
  total: number | null;
  /** Items a second, and seconds left, where they can be told. */
  rate: number | null;
  left: number | null;
  state: 'running' | 'finished' | 'stopped';
  message: string;
}

export interface Completion {
  /** What is put in place of the characters from `start` to `end`. */
  text: string;
  type: string;
  documentation: string;
}

export interface Completions {
  start: number;
  end: number;
  items: Completion[];
}

type Result = Record<string, unknown>;

export function readCollections(result: Result): Collections | null {
  return Array.isArray(result.collections)
    ? {
        current: textOrNull(result.current),
        collections: list(result.collections, readCollection)
      }
    : null;
}

function readCollection(data: Result): CollectionRow {
  const parts: Record<string, number> = {};
  for (const [name, value] of Object.entries(isRecord(data.parts) ? data.parts : {})) {
    parts[name] = countOrZero(value);
  }
  return {
    name: text(data.name),
    items: countOrNull(data.items),
    parts,
    models: texts(data.models),
    folder: text(data.folder),
    current: data.current === true,
    problem: text(data.problem)
  };
}

export function readLoads(result: Result): { loads: Load[] } | null {
  return Array.isArray(result.loads) ? { loads: list(result.loads, readLoad) } : null;
}

function readLoad(data: Result): Load {
  const state = text(data.state);
  return {
    id: countOrZero(data.id),
    collection: text(data.collection),
    label: text(data.label),
    done: countOrZero(data.done),
    total: countOrNull(data.total),
    rate: numberOrNull(data.rate),
    left: numberOrNull(data.left),
    state: state === 'finished' || state === 'stopped' ? state : 'running',
    message: text(data.message)
  };
}

export function readCompletions(result: Result): Completions | null {
  return Array.isArray(result.items)
    ? {
        start: countOrZero(result.start),
        end: countOrZero(result.end),
        items: list(result.items, readCompletion)
      }
    : null;
}

function readCompletion(data: Result): Completion {
  return {
    text: text(data.text),
    type: text(data.type),
    documentation: text(data.documentation)
  };
}

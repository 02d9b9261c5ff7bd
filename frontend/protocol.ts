/**
 * What the page and the kernel say to each other, whatever carries it.
 *
 * The Python twin is `mmrag_jupyter/widgets/protocol.py`; `tests/unit/widgets/protocol.json`
 * holds examples that the tests of both sides read.
 *
 * The page asks `{type: VERB, uuid, ...}`, with buffers where pictures go along. The kernel
 * answers `{type: 'answer', verb, uuid, result}` with buffers, or
 * `{type: 'error', uuid, error: {kind, message}}`. Unasked it sends
 * `{type: 'event', event, ...}`. Nothing that comes is believed before it was checked.
 */

import { isRecord, readHit } from './hits/model';
import type { Hit, Json } from './hits/model';

/** The version of this front end; a test holds it to that of the Python package. */
export const VERSION = '0.1.0';

/** Counted up when one side can no longer understand the other. */
export const PROTOCOL = 1;

/** The comm target under which the kernel serves these verbs to the sidebar. */
export const TARGET = 'mmrag_jupyter';

export type Sign = 1 | -1;
export type Modality = 'text' | 'image' | 'page' | 'audio';

/** Words to find (1) or to avoid (-1). */
export interface Term {
  text: string;
  sign: Sign;
}

/** A picture to be like or to avoid; the n-th one is the request's n-th buffer. */
export interface AskedPicture {
  name: string;
  sign: Sign;
}

/** What a facet lets through: some values (null is missing), or a range; a bound may be open. */
export type Filter =
  | { kind: 'values'; column: string; values: Json[] }
  | { kind: 'range'; column: string; low: number | string | null; high: number | string | null };

/** All that makes up a query. `like`, `liked` and `disliked` are keys of items. */
export interface Asked {
  terms: Term[];
  pictures: AskedPicture[];
  like: string[];
  liked: string[];
  disliked: string[];
  where: string;
  filters: Filter[];
  /** How much each signal counts; 1 where not named. */
  weights: Record<string, number>;
  /** Only items found by parts of these; empty is any. */
  modality: Modality[];
  /** Whether the last term is still being typed. */
  unfinished: boolean;
}

export const NOTHING_ASKED: Asked = {
  terms: [],
  pictures: [],
  like: [],
  liked: [],
  disliked: [],
  where: '',
  filters: [],
  weights: {},
  modality: [],
  unfinished: false
};

/** Which picture: an item's key, and the number of the part among the item's parts. */
export interface PictureOf {
  key: string;
  part: number;
}

/** What each verb asks for; `collection: null` is the current one. */
export interface Questions {
  hello: { version: string; protocol: number };
  collections: Record<never, never>;
  search: { collection: string | null; asked: Asked; offset: number; limit: number };
  thumbnails: { collection: string | null; pictures: PictureOf[]; size: number };
  item: { collection: string | null; key: string; size: number };
  facets: { collection: string | null; asked: Asked };
  feedback: { collection: string | null; key: string; verdict: Sign | 0; query: string };
  select: { collection: string | null; keys: string[] };
  loads: Record<never, never>;
  /** What the user set in Lab; only kernels with the notebook extension take these two. */
  settings: { settings: Record<string, Json> };
  /** What fits at the cursor (characters, not code units) of a cell with `%mmrag`. */
  complete: { code: string; cursor: number };
}

export type Verb = keyof Questions;

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

/** A hit as the wire carries it: `part` is the number of the part whose picture shows it. */
export interface FoundHit extends Hit {
  key: string;
  part: number | null;
}

export interface Found {
  title: string;
  notices: string[];
  columns: string[];
  offset: number;
  hits: FoundHit[];
  /** How many items the conditions leave. */
  total: number;
  /** Whether there are further hits after these. */
  more: boolean;
  /** The signals that a weight can be given to. */
  signals: string[];
  /** The condition that `where` and the filters come to, as `--where` takes it. */
  where: string;
}

/** A picture in the answer's buffer of this number, scaled; or why there is none. */
export type Picture =
  | { kind: 'picture'; buffer: number; type: string; width: number; height: number }
  | { kind: 'problem'; problem: string };

export interface PartRow {
  modality: string;
  text: string;
  source: string;
  page?: number;
  start?: number;
  end?: number;
}

export interface FacetValue {
  value: Json;
  label: string;
  /** Items that have it, under the condition and the other columns' filters. */
  count: number;
  /** How many of the best hits have it; null when nothing was asked for. */
  hits: number | null;
}

export interface Bin {
  low: number | string;
  high: number | string;
  count: number;
  hits: number | null;
}

export type Facet =
  | { kind: 'values'; column: string; values: FacetValue[]; others: number }
  | {
      kind: 'range';
      column: string;
      type: 'number' | 'date';
      low: number | string;
      high: number | string;
      bins: Bin[];
      missing: number;
    };

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

/** What each verb answers. */
export interface Answers {
  hello: { version: string; protocol: number };
  collections: { current: string | null; collections: CollectionRow[] };
  search: Found;
  thumbnails: { pictures: Picture[] };
  item: { hit: FoundHit; parts: PartRow[]; picture: Picture | null };
  facets: { items: number; facets: Facet[] };
  feedback: { kept: boolean; message: string };
  select: { selected: number };
  loads: { loads: Load[] };
  /** The settings that the notebook has made itself, which hold there. */
  settings: { kept: string[] };
  complete: { start: number; end: number; items: Completion[] };
}

export interface Completion {
  /** What is put in place of the characters from `start` to `end`. */
  text: string;
  type: string;
  documentation: string;
}

/** `busy`, `query` and so on come from the kernel; `lost` and `late` are said on this side. */
export interface Failure {
  kind: string;
  message: string;
}

export type Incoming =
  | { kind: 'answer'; uuid: string; result: Record<string, unknown>; buffers: DataView[] }
  | { kind: 'error'; uuid: string; error: Failure }
  | { kind: 'loads'; loads: Load[] }
  | { kind: 'collections' }
  | { kind: 'selected'; keys: string[] }
  | { kind: 'unknown' };

/** Read what the kernel sent, whatever it is. */
export function readIncoming(message: unknown, buffers: readonly DataView[] = []): Incoming {
  if (!isRecord(message)) {
    return { kind: 'unknown' };
  }
  if (message.type === 'event') {
    switch (message.event) {
      case 'loads':
        return { kind: 'loads', loads: list(message.loads, readLoad) };
      case 'collections':
        return { kind: 'collections' };
      case 'selected':
        return { kind: 'selected', keys: texts(message.keys) };
      default:
        return { kind: 'unknown' };
    }
  }
  const uuid = text(message.uuid);
  if (message.type === 'answer' && isRecord(message.result)) {
    return { kind: 'answer', uuid, result: message.result, buffers: [...buffers] };
  }
  if (message.type === 'error' && isRecord(message.error)) {
    const { kind, message: words } = message.error;
    return { kind: 'error', uuid, error: { kind: text(kind), message: text(words) } };
  }
  return { kind: 'unknown' };
}

type Reader<V extends Verb> = (result: Record<string, unknown>) => Answers[V] | null;

/** How the result of each verb is read; null where it is not what the verb answers. */
export const READERS: { [V in Verb]: Reader<V> } = {
  hello: readHello,
  collections: result =>
    Array.isArray(result.collections)
      ? { current: textOrNull(result.current), collections: list(result.collections, readCollection) }
      : null,
  search: readFound,
  thumbnails: result =>
    Array.isArray(result.pictures) ? { pictures: list(result.pictures, readPicture) } : null,
  item: result =>
    isRecord(result.hit)
      ? {
          hit: readFoundHit(result.hit),
          parts: list(result.parts, readPart),
          picture: isRecord(result.picture) ? readPicture(result.picture) : null
        }
      : null,
  facets: result =>
    Array.isArray(result.facets)
      ? { items: count(result.items), facets: list(result.facets, readFacet) }
      : null,
  feedback: result => ({ kept: result.kept === true, message: text(result.message) }),
  select: result => ({ selected: count(result.selected) }),
  loads: result => (Array.isArray(result.loads) ? { loads: list(result.loads, readLoad) } : null),
  settings: result => ({ kept: texts(result.kept) }),
  complete: result =>
    Array.isArray(result.items)
      ? {
          start: count(result.start),
          end: count(result.end),
          items: list(result.items, readCompletion)
        }
      : null
};

function readHello(result: Record<string, unknown>): Answers['hello'] | null {
  return typeof result.version === 'string' && typeof result.protocol === 'number'
    ? { version: result.version, protocol: result.protocol }
    : null;
}

function readFound(result: Record<string, unknown>): Found | null {
  if (!Array.isArray(result.hits)) {
    return null;
  }
  return {
    title: text(result.title),
    notices: texts(result.notices),
    columns: texts(result.columns),
    offset: count(result.offset),
    hits: list(result.hits, readFoundHit),
    total: count(result.total),
    more: result.more === true,
    signals: texts(result.signals),
    where: text(result.where)
  };
}

function readFoundHit(data: Record<string, unknown>): FoundHit {
  const hit = readHit(data);
  return { ...hit, key: hit.key ?? hit.id, part: countOrNull(data.part) };
}

function readCollection(data: Record<string, unknown>): CollectionRow {
  const parts: Record<string, number> = {};
  for (const [name, value] of Object.entries(isRecord(data.parts) ? data.parts : {})) {
    parts[name] = count(value);
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

function readPicture(data: Record<string, unknown>): Picture {
  const type = text(data.type);
  // Only pictures that cannot carry script are given to an <img>.
  if (countOrNull(data.buffer) === null || !/^image\/(webp|jpeg|png)$/.test(type)) {
    return { kind: 'problem', problem: text(data.problem) };
  }
  return {
    kind: 'picture',
    buffer: count(data.buffer),
    type,
    width: count(data.width),
    height: count(data.height)
  };
}

function readPart(data: Record<string, unknown>): PartRow {
  return {
    modality: text(data.modality),
    text: text(data.text),
    source: text(data.source),
    page: countOrNull(data.page) ?? undefined,
    start: numberOrNull(data.start) ?? undefined,
    end: numberOrNull(data.end) ?? undefined
  };
}

function readFacet(data: Record<string, unknown>): Facet {
  const column = text(data.column);
  if (data.kind === 'range') {
    return {
      kind: 'range',
      column,
      type: data.type === 'date' ? 'date' : 'number',
      low: bound(data.low),
      high: bound(data.high),
      bins: list(data.bins, readBin),
      missing: count(data.missing)
    };
  }
  return {
    kind: 'values',
    column,
    values: list(data.values, readValue),
    others: count(data.others)
  };
}

function readValue(data: Record<string, unknown>): FacetValue {
  return {
    value: isJson(data.value) ? data.value : null,
    label: text(data.label),
    count: count(data.count),
    hits: countOrNull(data.hits)
  };
}

function readBin(data: Record<string, unknown>): Bin {
  return {
    low: bound(data.low),
    high: bound(data.high),
    count: count(data.count),
    hits: countOrNull(data.hits)
  };
}

function readLoad(data: Record<string, unknown>): Load {
  const state = text(data.state);
  return {
    id: count(data.id),
    collection: text(data.collection),
    label: text(data.label),
    done: count(data.done),
    total: countOrNull(data.total),
    rate: numberOrNull(data.rate),
    left: numberOrNull(data.left),
    state: state === 'finished' || state === 'stopped' ? state : 'running',
    message: text(data.message)
  };
}

function readCompletion(data: Record<string, unknown>): Completion {
  return {
    text: text(data.text),
    type: text(data.type),
    documentation: text(data.documentation)
  };
}

function list<T>(data: unknown, read: (one: Record<string, unknown>) => T): T[] {
  return Array.isArray(data) ? data.filter(isRecord).map(one => read(one)) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
}

function count(value: unknown): number {
  return countOrNull(value) ?? 0;
}

function countOrNull(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function bound(value: unknown): number | string {
  return typeof value === 'string' ? value : (numberOrNull(value) ?? 0);
}

function isJson(value: unknown): value is null | boolean | number | string {
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}

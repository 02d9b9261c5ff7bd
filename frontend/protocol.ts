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

import type { Json } from './hits/json';
import type { Asked, Sign } from './messages/asked';
import { readFacets } from './messages/facets';
import type { Facets } from './messages/facets';
import { readFound, readHeard, readItem, readPictures } from './messages/found';
import type { Found, Heard, Item, Picture, PictureOf } from './messages/found';
import { countOrZero, isRecord, text, texts } from './messages/read';
import { readCollections, readCompletions, readLoads } from './messages/session';
import type { Collections, Completions, Load } from './messages/session';

export * from './messages/asked';
export type { Bin, Facet, FacetValue } from './messages/facets';
export type { Found, FoundHit, Heard, Item, PartRow, Picture, PictureOf } from './messages/found';
export type { CollectionRow, Completion, Load } from './messages/session';

/** The version of this front end; a test holds it to that of the Python package. */
export const VERSION = '0.1.0';

/** Counted up when one side can no longer understand the other. */
export const PROTOCOL = 1;

/** The comm target under which the kernel serves these verbs to the sidebar. */
export const TARGET = 'mmrag_jupyter';

interface Hello {
  version: string;
  protocol: number;
}

/** What each verb asks for; `collection: null` is the current one. */
export interface Questions {
  hello: Hello;
  collections: Record<never, never>;
  search: { collection: string | null; asked: Asked; offset: number; limit: number };
  thumbnails: { collection: string | null; pictures: PictureOf[]; size: number };
  /** With its picture; `part: null` is the first of its parts that has one. */
  item: { collection: string | null; key: string; part: number | null; size: number };
  /**
   * Sound of the recording that a part is of, `null` being the first that has one; `start` and
   * `end` are seconds of the recording, `null` those of the part.
   */
  sound: {
    collection: string | null;
    key: string;
    part: number | null;
    start: number | null;
    end: number | null;
  };
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

/** What each verb answers. */
export interface Answers {
  hello: Hello;
  collections: Collections;
  search: Found;
  thumbnails: { pictures: Picture[] };
  item: Item;
  sound: { sound: Heard | null };
  facets: Facets;
  feedback: { kept: boolean; message: string };
  select: { selected: number };
  loads: { loads: Load[] };
  /** The settings that the notebook has made itself, which hold there. */
  settings: { kept: string[] };
  complete: Completions;
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
    return readEvent(message);
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

function readEvent(message: Record<string, unknown>): Incoming {
  switch (message.event) {
    case 'loads':
      return { kind: 'loads', loads: readLoads(message)?.loads ?? [] };
    case 'collections':
      return { kind: 'collections' };
    case 'selected':
      return { kind: 'selected', keys: texts(message.keys) };
    default:
      return { kind: 'unknown' };
  }
}

type Reader<V extends Verb> = (result: Record<string, unknown>) => Answers[V] | null;

/** How the result of each verb is read; null where it is not what the verb answers. */
export const READERS: { [V in Verb]: Reader<V> } = {
  hello: ({ version, protocol }) =>
    typeof version === 'string' && typeof protocol === 'number' ? { version, protocol } : null,
  collections: readCollections,
  search: readFound,
  thumbnails: readPictures,
  item: readItem,
  sound: readHeard,
  facets: readFacets,
  feedback: result => ({ kept: result.kept === true, message: text(result.message) }),
  select: result => ({ selected: countOrZero(result.selected) }),
  loads: readLoads,
  settings: result => ({ kept: texts(result.kept) }),
  complete: readCompletions
};

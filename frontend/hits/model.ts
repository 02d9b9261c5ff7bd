/**
 * The shape of `application/vnd.mmrag.hits.v1+json`, checked on entry.
 *
 * What Python writes is said in `mmrag_jupyter/display/payload.py`. A notebook can come from
 * anybody, so nothing here is believed: a member of another type is left out, and the view
 * draws what is left as text.
 */

import { count, isRecord, number, records, text, texts, unreadable } from './json';
import type { Json, Unreadable } from './json';

export { isRecord };
export type { Json, Unreadable };

export const HITS_MIME = 'application/vnd.mmrag.hits.v1+json';

export type View = 'gallery' | 'table' | 'list';

export const VIEWS: readonly View[] = ['gallery', 'table', 'list'];

/** What one signal gave to a hit; `share` lies within 0 to 1. */
export interface Why {
  signal: string;
  rank: number;
  share: number;
}

/**
 * `width` and `height` are the original's pixels, 0 where nobody knows; `image` counts the
 * `<img>` of the HTML.
 */
export interface Thumbnail {
  width: number;
  height: number;
  image?: number;
}

/** Another page, counted from 1, and its picture. */
export interface Sheet extends Thumbnail {
  page: number;
}

/** Of a table that was joined: its name, how many of an item's rows of it matched. */
export interface Matched {
  origin: string;
  matched: number;
  total: number;
}

/** A row of a joined table, with its short columns. */
export interface JoinedRow {
  origin: string;
  id: string;
  metadata: Record<string, Json>;
}

/**
 * A stretch of a recording, in seconds; `audio` counts the `<audio>` of the HTML, `until` is
 * where what is kept of it ends.
 */
export interface Sound {
  part: number;
  start: number;
  end: number;
  audio?: number;
  until?: number;
  /** Why the recording could not be read; '' when it could. */
  problem: string;
}

/** A text of an item that is shown whole: from one second to another, or where else it stands. */
export interface Passage {
  start: number | null;
  end: number | null;
  /** A page, or the row of a joined table; '' where there is nothing to say. */
  at: string;
  text: string;
}

export interface Hit {
  id: string;
  /** The id as the kernel knows it, where `id` is a form of it that can be shown. */
  key?: string;
  rank: number;
  score: number | null;
  why: Why[];
  metadata: Record<string, Json>;
  text: string;
  /** Words of the query, to be marked in texts. */
  terms: string[];
  /** What the picture shows, for those who do not see it; may be empty. */
  alt: string;
  source: string;
  page?: number;
  /** Seconds in a recording. */
  start?: number;
  end?: number;
  /** The number of the part whose picture shows it, from 0; absent where that is not known. */
  part?: number | null;
  /** Pictures of the other pages of a document that matched, best first. */
  sheets?: Sheet[];
  /** Why it is recommended, in a line; '' where it comes from a query. */
  reason?: string;
  /** How many rows of each joined table matched, and of how many. */
  joined?: Matched[];
  /** The row of a joined table that the text is of. */
  row?: JoinedRow;
  /** Why the picture could not be opened; empty when it could, or when there is none. */
  problem: string;
  thumbnail: Thumbnail | null;
  /** What there is to hear; null where there is nothing. */
  sound?: Sound | null;
  /** All texts of an item that is shown whole, in their order. */
  said?: Passage[];
}

export interface HitsModel {
  title: string;
  /** The name of the collection that was asked; '' where it is not known. */
  collection?: string;
  notices: string[];
  view: View;
  /** How many hits there are; `hits` may be fewer. */
  total: number;
  /** Metadata names in their order. */
  columns: string[];
  /** How many further metadata names there are. */
  columnsLeftOut?: number;
  hits: Hit[];
}

export type Reading = { kind: 'hits'; model: HitsModel } | Unreadable;

const MOST_HITS = 200_000;

/** Read unknown JSON as hits, or say why it is none. */
export function readHits(data: unknown): Reading {
  const why = unreadable(data, 'hits');
  if (why !== null || !isRecord(data)) {
    return why ?? { kind: 'shape', missing: 'object' };
  }
  const hits = records(data.hits).slice(0, MOST_HITS).map(readHit);
  return {
    kind: 'hits',
    model: {
      title: text(data.title),
      collection: text(data.collection),
      notices: texts(data.notices),
      view: VIEWS.find(view => view === data.view) ?? 'gallery',
      total: Math.max(count(data.total) ?? 0, hits.length),
      columns: columnsOf(data.columns, hits),
      columnsLeftOut: count(data.columns_left_out) ?? 0,
      hits
    }
  };
}

/** Read one hit, as the panel and the sidebar get it over the wire. */
export function readHit(data: Record<string, unknown>, index = 0): Hit {
  return {
    id: text(data.id),
    ...(typeof data.key === 'string' ? { key: data.key } : {}),
    rank: count(data.rank) ?? index + 1,
    score: number(data.score) ?? null,
    why: records(data.why).map(readWhy),
    metadata: isRecord(data.metadata) ? withoutPrototype(data.metadata) : {},
    text: text(data.text),
    terms: texts(data.terms),
    alt: text(data.alt),
    source: text(data.source),
    page: count(data.page),
    start: number(data.start),
    end: number(data.end),
    part: count(data.part),
    sheets: records(data.sheets).map(readSheet),
    reason: text(data.reason),
    joined: records(data.joined).map(readMatched),
    ...(isRecord(data.row) ? { row: readRow(data.row) } : {}),
    problem: text(data.problem),
    thumbnail: isRecord(data.thumbnail) ? readThumbnail(data.thumbnail) : null,
    sound: isRecord(data.sound) ? readSound(data.sound) : null,
    said: records(data.said).map(readPassage)
  };
}

/** The id by which the kernel knows a hit: what is copied, and asked with. */
export function keyOf(hit: Hit): string {
  return hit.key ?? hit.id;
}

function readMatched(data: Record<string, unknown>): Matched {
  return {
    origin: text(data.origin),
    matched: count(data.matched) ?? 0,
    total: count(data.total) ?? 0
  };
}

function readRow(data: Record<string, unknown>): JoinedRow {
  return {
    origin: text(data.origin),
    id: text(data.id),
    metadata: isRecord(data.metadata) ? withoutPrototype(data.metadata) : {}
  };
}

function readWhy(data: Record<string, unknown>): Why {
  return {
    signal: text(data.signal),
    rank: count(data.rank) ?? 0,
    share: Math.min(Math.max(number(data.share) ?? 0, 0), 1)
  };
}

export function readThumbnail(data: Record<string, unknown>): Thumbnail {
  return {
    width: count(data.width) ?? 0,
    height: count(data.height) ?? 0,
    image: count(data.image)
  };
}

function readSound(data: Record<string, unknown>): Sound {
  const start = Math.max(number(data.start) ?? 0, 0);
  return {
    part: count(data.part) ?? 0,
    start,
    end: Math.max(number(data.end) ?? start, start),
    audio: count(data.audio),
    until: number(data.until),
    problem: text(data.problem)
  };
}

function readPassage(data: Record<string, unknown>): Passage {
  const start = number(data.start) ?? null;
  const end = number(data.end) ?? start;
  return { start, end, at: text(data.at), text: text(data.text) };
}

function readSheet(data: Record<string, unknown>): Sheet {
  return { ...readThumbnail(data), page: count(data.page) ?? 0 };
}

/** The columns as named, and after them what hits have beside: a name is never left out. */
function columnsOf(named: unknown, hits: readonly Hit[]): string[] {
  const columns = new Set(texts(named));
  for (const hit of hits) {
    for (const name of Object.keys(hit.metadata)) {
      columns.add(name);
    }
  }
  return [...columns];
}

function withoutPrototype(data: Record<string, unknown>): Record<string, Json> {
  // A column may be named __proto__ or toString.
  return Object.assign(Object.create(null) as Record<string, Json>, data);
}

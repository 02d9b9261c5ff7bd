/** What was found: hits, all that is known of one, and pictures. */

import { readHit } from '../hits/model';
import type { Hit } from '../hits/model';
import { countOrNull, countOrZero, isRecord, list, numberOrNull, text, texts } from './read';

/** Which picture: an item's key, and the number of the part among the item's parts. */
export interface PictureOf {
  key: string;
  part: number;
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

/** Sound in the answer's buffer of this number, from one second to another; or why there is none. */
export type Heard =
  | { kind: 'sound'; buffer: number; type: string; start: number; end: number }
  | { kind: 'problem'; problem: string };

export interface PartRow {
  modality: string;
  text: string;
  source: string;
  page?: number;
  start?: number;
  end?: number;
}

export interface Item {
  hit: FoundHit;
  parts: PartRow[];
  picture: Picture | null;
}

type Result = Record<string, unknown>;

export function readFound(result: Result): Found | null {
  if (!Array.isArray(result.hits)) {
    return null;
  }
  return {
    title: text(result.title),
    notices: texts(result.notices),
    columns: texts(result.columns),
    offset: countOrZero(result.offset),
    hits: list(result.hits, readFoundHit),
    total: countOrZero(result.total),
    more: result.more === true,
    signals: texts(result.signals),
    where: text(result.where)
  };
}

export function readPictures(result: Result): { pictures: Picture[] } | null {
  return Array.isArray(result.pictures) ? { pictures: list(result.pictures, readPicture) } : null;
}

export function readItem(result: Result): Item | null {
  return isRecord(result.hit)
    ? {
        hit: readFoundHit(result.hit),
        parts: list(result.parts, readPart),
        picture: isRecord(result.picture) ? readPicture(result.picture) : null
      }
    : null;
}

export function readHeard(result: Result): { sound: Heard | null } | null {
  const { sound } = result;
  if (!isRecord(sound)) {
    return sound === null ? { sound } : null;
  }
  const type = text(sound.type);
  if (countOrNull(sound.buffer) === null || !/^audio\/(ogg|mpeg|wav)$/.test(type)) {
    return { sound: { kind: 'problem', problem: text(sound.problem) } };
  }
  const [start, end] = [numberOrNull(sound.start) ?? 0, numberOrNull(sound.end) ?? 0];
  return { sound: { kind: 'sound', buffer: countOrZero(sound.buffer), type, start, end } };
}

function readFoundHit(data: Result): FoundHit {
  const hit = readHit(data);
  return { ...hit, key: hit.key ?? hit.id, part: countOrNull(data.part) };
}

function readPicture(data: Result): Picture {
  const type = text(data.type);
  // Only pictures that cannot carry script are given to an <img>.
  if (countOrNull(data.buffer) === null || !/^image\/(webp|jpeg|png)$/.test(type)) {
    return { kind: 'problem', problem: text(data.problem) };
  }
  return {
    kind: 'picture',
    buffer: countOrZero(data.buffer),
    type,
    width: countOrZero(data.width),
    height: countOrZero(data.height)
  };
}

function readPart(data: Result): PartRow {
  return {
    modality: text(data.modality),
    text: text(data.text),
    source: text(data.source),
    page: countOrNull(data.page) ?? undefined,
    start: numberOrNull(data.start) ?? undefined,
    end: numberOrNull(data.end) ?? undefined
  };
}

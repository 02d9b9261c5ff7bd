/** One item as the kernel has it now: all that is known of it, and its picture, large. */

import type { Client } from '../client';
import { keyOf } from '../hits/model';
import type { Hit } from '../hits/model';
import type { FoundHit } from '../protocol';
import { refused } from './refused';

/** Pixels of the longer side: a window's width, and a few hundred kilobytes. */
const LARGE = 1600;
const KEPT = 4;
/** Milliseconds; while a cell runs, a kernel without subshells may not answer for long. */
const PATIENCE = 60_000;

export interface Whole {
  hit: FoundHit;
  /** Null where the item has no picture. */
  picture: Blob | null;
  /** Why there is no picture where there should be one; '' otherwise. */
  problem: string;
}

/** Ask for the item of a hit. Rejects with the kernel's words where it cannot be had. */
export async function askWhole(
  client: Client,
  collection: string | null,
  hit: Hit,
  signal: AbortSignal
): Promise<Whole> {
  const { part = null } = hit;
  const question = { collection, key: keyOf(hit), part, size: LARGE };
  const outcome = await client.ask('item', question, { signal, timeout: PATIENCE });
  if (outcome.kind !== 'ok') {
    throw refused(outcome);
  }
  const { picture, hit: known } = outcome.result;
  const data = picture?.kind === 'picture' ? outcome.buffers[picture.buffer] : undefined;
  return {
    hit: known,
    picture:
      picture?.kind === 'picture' && data !== undefined
        ? new Blob([data as BlobPart], { type: picture.type })
        : null,
    problem: picture?.kind === 'problem' ? picture.problem : ''
  };
}

/** Blob URLs, of which the last few stay: one is looked at, and those beside it. */
export class RecentUrls {
  of(picture: Blob): string {
    const url = URL.createObjectURL(picture);
    this._urls.push(url);
    this._urls.splice(0, this._urls.length - KEPT).forEach(old => URL.revokeObjectURL(old));
    return url;
  }

  dispose(): void {
    this._urls.splice(0).forEach(url => URL.revokeObjectURL(url));
  }

  private readonly _urls: string[] = [];
}

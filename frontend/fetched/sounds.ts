/** Sounds of a collection's items, asked for one by one when the user wants to hear them. */

import type { Client } from '../client';
import { keyOf } from '../hits/model';
import type { Hit } from '../hits/model';
import { refused } from './refused';
import { RecentUrls } from './whole';

/** Milliseconds; while a cell runs, a kernel without subshells may not answer for long. */
const PATIENCE = 60_000;

/** Ask for the sound of a hit; null where it has none. Rejects with the kernel's words. */
export async function askSound(
  client: Client,
  collection: string | null,
  hit: Hit,
  signal: AbortSignal
): Promise<Blob | null> {
  const { part = null, start = null, end = null } = hit.sound ?? {};
  const question = { collection, key: keyOf(hit), part, start, end };
  const outcome = await client.ask('sound', question, { signal, timeout: PATIENCE });
  if (outcome.kind !== 'ok') {
    throw refused(outcome);
  }
  const { sound } = outcome.result;
  if (sound?.kind === 'problem') {
    throw new Error(sound.problem);
  }
  const data = sound === null ? undefined : outcome.buffers[sound.buffer];
  return sound === null || data === undefined
    ? null
    : new Blob([data as BlobPart], { type: sound.type });
}

/** The sounds of one collection; the last few stay. */
export class Sounds {
  constructor(
    private readonly _client: Client,
    private readonly _collection: string | null
  ) {}

  /** For the hits view: a blob URL, or null where there is nothing to hear. */
  readonly sound = async (hit: Hit, signal: AbortSignal): Promise<string | null> => {
    const sound = await askSound(this._client, this._collection, hit, signal);
    return sound === null || signal.aborted ? null : this._urls.of(sound);
  };

  dispose(): void {
    this._urls.dispose();
  }

  private readonly _urls = new RecentUrls();
}

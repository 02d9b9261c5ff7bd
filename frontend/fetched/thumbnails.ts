/** Pictures of a collection's items, asked for in batches and kept while a view shows them. */

import type { Client } from '../client';
import type { Hit } from '../hits/model';
import type { Size } from '../hits/props';
import type { FoundHit, Picture, PictureOf } from '../protocol';
import { refused } from './refused';

/** Pixels of the longer side; drawn at half of that or less, so sharp on dense screens. */
const PIXELS: Readonly<Record<Size, number>> = { thumbnail: 320, large: 1280 };
/** Pictures in one question, and pictures kept. */
const BATCH = 24;
const KEPT = 600;

interface Waiting {
  of: PictureOf;
  signal: AbortSignal;
  resolve(url: string | null): void;
  reject(error: Error): void;
}

export class Thumbnails {
  constructor(
    private readonly _client: Client,
    private readonly _collection: string
  ) {}

  /** For the hits view: a blob URL, or null where the item has no picture. */
  readonly picture = (hit: Hit, size: Size, signal: AbortSignal): Promise<string | null> | null => {
    const { key, part } = hit as FoundHit;
    if (part === null) {
      return null;
    }
    const known = this._urls.get(nameOf({ key, part }, size));
    if (known !== undefined) {
      return Promise.resolve(known);
    }
    return new Promise((resolve, reject) => {
      const waiting = this._waiting[size];
      waiting.push({ of: { key, part }, signal, resolve, reject });
      if (waiting.length === 1) {
        // What comes into sight together is asked for together.
        setTimeout(() => void this._ask(size), 0);
      }
    });
  };

  dispose(): void {
    this._lifetime.abort();
    this._urls.forEach(url => URL.revokeObjectURL(url));
    this._urls.clear();
  }

  private async _ask(size: Size): Promise<void> {
    const all = this._waiting[size].splice(0);
    const wanted = all.filter(each => !each.signal.aborted);
    const batches = Array.from({ length: Math.ceil(wanted.length / BATCH) }, (_, index) =>
      wanted.slice(index * BATCH, (index + 1) * BATCH)
    );
    await Promise.all(batches.map(batch => this._askBatch(batch, size)));
  }

  private async _askBatch(batch: readonly Waiting[], size: Size): Promise<void> {
    const outcome = await this._client.ask(
      'thumbnails',
      {
        collection: this._collection,
        pictures: batch.map(each => each.of),
        size: PIXELS[size]
      },
      { signal: this._lifetime.signal }
    );
    batch.forEach((each, index) => {
      if (outcome.kind === 'ok') {
        const picture = outcome.result.pictures[index];
        this._settle(each, picture, outcome.buffers, size);
      } else {
        each.reject(refused(outcome));
      }
    });
  }

  private _settle(
    waiting: Waiting,
    picture: Picture | undefined,
    buffers: readonly DataView[],
    size: Size
  ): void {
    const data = picture?.kind === 'picture' ? buffers[picture.buffer] : undefined;
    if (picture?.kind !== 'picture' || data === undefined) {
      waiting.reject(new Error(picture?.kind === 'problem' ? picture.problem : ''));
      return;
    }
    const url = URL.createObjectURL(new Blob([data as BlobPart], { type: picture.type }));
    this._keep(nameOf(waiting.of, size), url);
    waiting.resolve(url);
  }

  private _keep(name: string, url: string): void {
    this._urls.set(name, url);
    for (const [oldest, old] of this._urls) {
      if (this._urls.size <= KEPT) {
        break;
      }
      URL.revokeObjectURL(old);
      this._urls.delete(oldest);
    }
  }

  private readonly _waiting: Record<Size, Waiting[]> = { thumbnail: [], large: [] };
  private readonly _urls = new Map<string, string>();
  private readonly _lifetime = new AbortController();
}

function nameOf(picture: PictureOf, size: Size): string {
  return `${size} ${picture.part} ${picture.key}`;
}

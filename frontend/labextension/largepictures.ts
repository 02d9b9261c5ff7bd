/** The large picture, and the sound, of a hit in an output: asked of the kernel that its notebook has. */

import type { INotebookTracker } from '@jupyterlab/notebook';

import type { Client } from '../client';
import { askSound } from '../fetched/sounds';
import { RecentUrls, askWhole } from '../fetched/whole';
import type { Hit } from '../hits/model';
import type { KernelLink } from './link';
import type { ILinks } from './links';

/** Milliseconds that a kernel is given to answer for the first time. */
const PATIENCE = 5000;

export class LargePictures {
  constructor(
    private readonly _links: ILinks | null,
    private readonly _notebooks: INotebookTracker | null
  ) {}

  /**
   * Return the URL of a picture, or null where no kernel can be asked for it.
   *
   * To be called when the user wants to see it, and not before: it may connect with the kernel,
   * which no notebook that was merely opened shall do. Rejects with the kernel's words where
   * the item or its file is gone.
   */
  async of(
    node: HTMLElement,
    collection: string,
    hit: Hit,
    signal: AbortSignal
  ): Promise<string | null> {
    const client = await this._client(node, collection, signal);
    if (client === null) {
      return null;
    }
    const { picture, problem } = await askWhole(client, collection, hit, signal);
    if (problem !== '') {
      throw new Error(problem);
    }
    return picture === null || signal.aborted ? null : this._urls.of(picture);
  }

  /** Return the URL of what there is to hear of a hit, as `of`; else what is `kept` of it. */
  async sound(
    node: HTMLElement,
    collection: string,
    hit: Hit,
    signal: AbortSignal,
    kept: string
  ): Promise<string | null> {
    const client = await this._client(node, collection, signal);
    try {
      const sound = client === null ? null : await askSound(client, collection, hit, signal);
      return sound === null || signal.aborted ? kept || null : this._urls.of(sound);
    } catch (error) {
      if (kept === '') {
        throw error;
      }
      return kept;
    }
  }

  private async _client(
    node: HTMLElement,
    collection: string,
    signal: AbortSignal
  ): Promise<Client | null> {
    const panel = this._notebooks?.find(each => each.content.node.contains(node));
    const link = panel === undefined ? undefined : this._links?.of(panel);
    return link === undefined || collection === '' ? null : clientOf(link, signal);
  }

  dispose(): void {
    this._urls.dispose();
  }

  private readonly _urls = new RecentUrls();
}

/** Who asks the kernel, once it is connected with; null where that cannot be. */
function clientOf(link: KernelLink, signal: AbortSignal): Promise<Client | null> {
  return new Promise(resolve => {
    const look = (): void => {
      const { state } = link;
      if (state.kind === 'open') {
        end(state.client);
      } else if (state.kind !== 'starting' && state.kind !== 'asking') {
        end(null);
      }
    };
    const giveUp = (): void => end(null);
    const late = setTimeout(giveUp, PATIENCE);
    const end = (client: Client | null): void => {
      clearTimeout(late);
      link.changed.disconnect(look);
      signal.removeEventListener('abort', giveUp);
      resolve(client);
    };
    signal.addEventListener('abort', giveUp);
    link.changed.connect(look);
    if (link.state.kind === 'starting') {
      link.ask();
    }
    look();
  });
}

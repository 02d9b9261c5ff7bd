/** The links of all open notebooks, by their panels. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Client } from '../client';
import { KernelLink } from './link';

export interface ILinks {
  of(panel: NotebookPanel): KernelLink;
  /** Who asks a kernel, where its link is open. */
  client(kernelId: string): Client | null;
  forEachOpen(call: (link: KernelLink, client: Client) => void): void;
  /** A link came to be open. */
  readonly opened: ISignal<ILinks, KernelLink>;
}

export const ILinks = new Token<ILinks>(
  'mmrag-jupyter:ILinks',
  'How the kernels of open notebooks are connected with multimodal search.'
);

export class Links implements ILinks {
  constructor(private readonly _tracker: INotebookTracker) {
    _tracker.forEach(panel => this.of(panel));
    _tracker.widgetAdded.connect((_, panel) => void this.of(panel));
  }

  get opened(): ISignal<ILinks, KernelLink> {
    return this._opened;
  }

  of(panel: NotebookPanel): KernelLink {
    const known = this._links.get(panel);
    if (known !== undefined) {
      return known;
    }
    const link = new KernelLink(panel.sessionContext);
    this._links.set(panel, link);
    let before = link.state.kind;
    link.changed.connect(() => {
      if (link.state.kind === 'open' && before !== 'open') {
        this._opened.emit(link);
      }
      before = link.state.kind;
    });
    return link;
  }

  client(kernelId: string): Client | null {
    let found: Client | null = null;
    this.forEachOpen((link, client) => {
      found = link.session.session?.kernel?.id === kernelId ? client : found;
    });
    return found;
  }

  forEachOpen(call: (link: KernelLink, client: Client) => void): void {
    this._tracker.forEach(panel => {
      const link = this.of(panel);
      if (link.state.kind === 'open') {
        call(link, link.state.client);
      }
    });
  }

  private readonly _links = new WeakMap<NotebookPanel, KernelLink>();
  private readonly _opened = new Signal<this, KernelLink>(this);
}

/** Help while typing `%mmrag`: what fits at the cursor, with icons and documentation. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import type {
  CompletionHandler,
  ICompletionContext,
  ICompletionProvider
} from '@jupyterlab/completer';
import {
  fileIcon,
  kernelIcon,
  listIcon,
  pythonIcon,
  settingsIcon,
  spreadsheetIcon
} from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';

import { searchIcon } from './icons';
import { ILinks } from './links';

type Item = CompletionHandler.ICompletionItem;
type Reply = CompletionHandler.ICompletionItemsReply<Item>;

const ICONS: Readonly<Record<string, LabIcon>> = {
  magic: searchIcon,
  param: settingsIcon,
  column: spreadsheetIcon,
  collection: listIcon,
  instance: pythonIcon,
  path: fileIcon,
  model: kernelIcon
};

export const completionPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:completion',
  description: 'Completes %mmrag with icons and documentation.',
  autoStart: true,
  requires: [ICompletionProviderManager, ILinks],
  activate: (_: JupyterFrontEnd, manager: ICompletionProviderManager, links: ILinks) => {
    manager.registerProvider(new MagicCompletions(links));
  }
};

/**
 * Asks over our own comm, and so also while a cell is running.
 *
 * IPython completes the same words through the kernel, without a word on what they mean; its
 * inspection knows names of Python alone. Words that both give are listed once.
 */
class MagicCompletions implements ICompletionProvider {
  readonly identifier = 'CompletionProvider:mmrag';
  /** Before the kernel's own, which is 550. */
  readonly rank = 1000;
  readonly renderer = null;

  constructor(private readonly _links: ILinks) {}

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return this._client(context) !== null;
  }

  async fetch(request: CompletionHandler.IRequest, context: ICompletionContext): Promise<Reply> {
    const { text, offset } = request;
    const client = this._client(context);
    const nothing = { start: offset, end: offset, items: [] };
    if (client === null || !/%mmrag\s/.test(text)) {
      return nothing;
    }
    const outcome = await client.ask('complete', { code: text, cursor: offset });
    if (outcome.kind !== 'ok') {
      return nothing;
    }
    const { start, end, items } = outcome.result;
    return {
      start,
      end,
      items: items.map(item => ({
        label: item.text,
        insertText: item.text,
        type: item.type,
        icon: ICONS[item.type],
        documentation: item.documentation
      }))
    };
  }

  async resolve(item: Item): Promise<Item> {
    return item;
  }

  private _client(context: ICompletionContext): ReturnType<ILinks['client']> {
    const id = context.session?.kernel?.id;
    return id === undefined ? null : this._links.client(id);
  }
}

/** In the file browser: what a folder, a picture, a table or a document can be used for. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Dialog,
  InputDialog,
  ISessionContextDialogs,
  showDialog,
  showErrorMessage
} from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { CollectionRow } from '../protocol';
import { Commands } from './commands';
import { searchIcon } from './icons';
import { kindOf } from './kinds';
import type { FileKind } from './kinds';
import { ILinks } from './links';
import { askHowToLoad } from './loaddialog';
import { cellOf, loadLine, similarLine } from './magicline';
import { insertAndRun, newNotebook, pythonNotebook } from './notebooks';
import type { Place } from './notebooks';
import { folderOf, kernelPath } from './paths';
import { DOMAIN } from './words';

type Item = Contents.IModel & { kind: FileKind };

export const filebrowserPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:filebrowser',
  description: 'Loads files of the file browser and finds what is like them.',
  autoStart: true,
  requires: [IFileBrowserFactory],
  optional: [INotebookTracker, ILinks, ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    factory: IFileBrowserFactory,
    tracker: INotebookTracker | null,
    links: ILinks | null,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ) => {
    const place = { app, tracker, dialogs, translator: translator ?? nullTranslator };
    const files = new FileCommands(place, links);
    const selected = (): Item | null => selectedItem(factory);
    const trans = place.translator.load(DOMAIN);
    app.commands.addCommand(Commands.load, {
      label: trans.__('Load into collection…'),
      caption: trans.__('Insert and run a cell that loads the selected file or folder'),
      icon: searchIcon,
      isVisible: () => selected() !== null,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => files.load(selected())
    });
    app.commands.addCommand(Commands.similar, {
      label: trans.__('Find similar images'),
      caption: trans.__('Insert and run a cell that finds pictures like the selected one'),
      icon: searchIcon,
      isVisible: () => selected()?.kind === 'picture',
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => files.findSimilar(selected())
    });
  }
};

class FileCommands {
  constructor(
    private readonly _place: Place,
    private readonly _links: ILinks | null
  ) {
    this._trans = _place.translator.load(DOMAIN);
  }

  async load(item: Item | null): Promise<void> {
    if (item === null) {
      return;
    }
    const panel = await pythonNotebook(this._place);
    const path = this._path(panel, item);
    if (path === null) {
      return;
    }
    const options = await askHowToLoad(
      {
        name: item.name,
        notebook: panel?.title.label ?? null,
        columns: item.kind === 'table',
        collections: (await this._collections(panel)).map(each => each.name)
      },
      this._trans
    );
    if (options !== null) {
      await this._run(panel, item, loadLine(path, options));
    }
  }

  async findSimilar(item: Item | null): Promise<void> {
    if (item === null) {
      return;
    }
    const panel = await pythonNotebook(this._place);
    const path = this._path(panel, item);
    if (path === null || (panel === null && !(await this._mayMakeNotebook()))) {
      return;
    }
    const collection = await this._withPictures(panel);
    if (collection !== null) {
      await this._run(panel, item, similarLine(path, collection));
    }
  }

  /** Which collection to search for pictures, '' the current one; null if the user would not. */
  private async _withPictures(panel: NotebookPanel | null): Promise<string | null> {
    const all = (await this._collections(panel)).filter(each => (each.parts.image ?? 0) > 0);
    const first = all[0];
    if (first === undefined || all.some(each => each.current)) {
      return '';
    }
    if (all.length === 1) {
      return first.name;
    }
    const chosen = await InputDialog.getItem({
      title: this._trans.__('Find similar images'),
      label: this._trans.__('In which collection?'),
      items: all.map(each => each.name)
    });
    return chosen.button.accept ? chosen.value : null;
  }

  private async _run(panel: NotebookPanel | null, item: Item, line: string): Promise<void> {
    if (panel === null) {
      const folder = folderOf(this._place.app.serviceManager.contents, item.path);
      await newNotebook(this._place, folder, cellOf(line, false));
    } else {
      const loaded = this._links?.of(panel).state.kind === 'open';
      await insertAndRun(this._place, panel, cellOf(line, loaded));
    }
  }

  /** The item's path for the kernel; null, and said why, where there is none. */
  private _path(panel: NotebookPanel | null, item: Item): string | null {
    const { contents } = this._place.app.serviceManager;
    const path = kernelPath(contents, folderOf(contents, panel?.context.path ?? item.path), item.path);
    if (path.kind === 'path') {
      return path.path;
    }
    const why =
      path.kind === 'drive'
        ? this._trans.__(
            '“%1” lies on the drive %2, not among the files of the kernel.',
            item.name,
            path.drive
          )
        : this._trans.__('The name of “%1” has a line break, which no command can hold.', item.name);
    void showErrorMessage(this._trans.__('The kernel cannot open this file'), why);
    return null;
  }

  private async _collections(panel: NotebookPanel | null): Promise<CollectionRow[]> {
    const state = panel === null ? null : this._links?.of(panel).state;
    if (state?.kind !== 'open' || !state.whileRunning) {
      return [];
    }
    const outcome = await state.client.ask('collections', {}, { timeout: 1000 });
    return outcome.kind === 'ok' ? outcome.result.collections : [];
  }

  private async _mayMakeNotebook(): Promise<boolean> {
    const result = await showDialog({
      title: this._trans.__('Find similar images'),
      body: this._trans.__('No Python notebook is in front. Make a new one for the search?'),
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: this._trans.__('New notebook') })
      ]
    });
    return result.button.accept;
  }

  private readonly _trans: TranslationBundle;
}

/** The one selected file or folder that can be loaded. */
function selectedItem(factory: IFileBrowserFactory): Item | null {
  const items = [...(factory.tracker.currentWidget?.selectedItems() ?? [])];
  const item = items.length === 1 ? items[0] : undefined;
  const kind = item === undefined ? null : kindOf(item);
  return item === undefined || kind === null ? null : { ...item, kind };
}

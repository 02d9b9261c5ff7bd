/** The tutorials: a card in the launcher that copies one into the current folder and opens it. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import type { Contents } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { TranslationBundle } from '@jupyterlab/translation';

import { Commands } from './commands';
import { searchIcon } from './icons';
import { DOMAIN } from './words';

interface Tutorial {
  name: string;
  title: string;
  notebook: unknown;
}

export const tutorialsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:tutorials',
  description: 'Opens the tutorials of multimodal search.',
  autoStart: true,
  // The factory and not the default browser: asking for that would start it in Notebook 7,
  // whose pages with a notebook have none.
  optional: [ILauncher, ICommandPalette, IFileBrowserFactory, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    translator: ITranslator | null
  ) => {
    const all = translator ?? nullTranslator;
    const trans = all.load(DOMAIN);
    app.commands.addCommand(Commands.tutorials, {
      label: args => (args.isPalette ? trans.__('Open a tutorial…') : trans.__('Multimodal search')),
      caption: trans.__('Copy a tutorial of multimodal search into this folder and open it'),
      icon: searchIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            cwd: { type: 'string', description: 'The folder to copy it into' },
            name: { type: 'string', description: 'The file of the tutorial; asked for if left out' }
          }
        }
      },
      execute: async args => {
        const tutorials: Tutorial[] = (await import('./tutorials.json')).default;
        const chosen =
          tutorials.find(each => each.name === args.name) ?? (await choose(tutorials, trans));
        if (chosen === null) {
          return;
        }
        const here = browsers?.tracker.currentWidget?.model.path ?? '';
        const folder = typeof args.cwd === 'string' ? args.cwd : here;
        const { contents } = app.serviceManager;
        const path = await copied(contents, folder, chosen);
        await app.commands.execute('docmanager:open', { path, factory: 'Notebook' });
      }
    });
    launcher?.add({
      command: Commands.tutorials,
      // The category of Lab's own cards is in Lab's own words.
      category: all.load('jupyterlab').__('Other'),
      rank: 10
    });
    palette?.addItem({
      command: Commands.tutorials,
      category: trans.__('Multimodal Search'),
      args: { isPalette: true }
    });
  }
};

async function choose(
  tutorials: readonly Tutorial[],
  trans: TranslationBundle
): Promise<Tutorial | null> {
  const result = await InputDialog.getItem({
    title: trans.__('Open a tutorial'),
    label: trans.__('It is copied into the current folder; one that is there already is opened.'),
    items: tutorials.map(each => each.title),
    okLabel: trans.__('Open')
  });
  const found = tutorials.find(each => each.title === result.value);
  return result.button.accept ? (found ?? null) : null;
}

/** The path of the tutorial in a folder, where it is put unless a file of its name is there. */
async function copied(
  contents: Contents.IManager,
  folder: string,
  tutorial: Tutorial
): Promise<string> {
  const path = PathExt.join(folder, tutorial.name);
  try {
    await contents.get(path, { content: false });
  } catch {
    await contents.save(path, { type: 'notebook', format: 'json', content: tutorial.notebook });
  }
  return path;
}

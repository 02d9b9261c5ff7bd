/** The plugin of the sidebar, and the commands that go with it. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  ICommandPalette,
  ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Commands } from './commands';
import { searchIcon } from './icons';
import { ILinks } from './links';
import { cellOf, LOAD_EXTENSION } from './magicline';
import { insertAndRun, insertCell } from './notebooks';
import type { Place } from './notebooks';
import { Sidebar } from './sidebar';
import type { Ways } from './ways';
import { DOMAIN } from './words';

export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:sidebar',
  description: 'Shows and searches the collections of the notebook in front.',
  autoStart: true,
  requires: [INotebookTracker, ILinks],
  optional: [ICommandPalette, ISessionContextDialogs, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    links: ILinks,
    palette: ICommandPalette | null,
    dialogs: ISessionContextDialogs | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const all = translator ?? nullTranslator;
    const place: Place = { app, tracker, dialogs, translator: all };
    const sidebar = new Sidebar(tracker, links, waysOf(place), all);
    app.shell.add(sidebar, 'left', { rank: 600, type: 'Multimodal search' });
    restorer?.add(sidebar, sidebar.id);
    addCommands(place, links, sidebar, palette);
  }
};

function addCommands(
  place: Place,
  links: ILinks,
  sidebar: Sidebar,
  palette: ICommandPalette | null
): void {
  const { app, tracker, translator } = place;
  const trans = translator.load(DOMAIN);
  const noArguments = { args: { type: 'object', properties: {} } } as const;
  const hasNotebook = (): boolean => tracker?.currentWidget != null;
  app.commands.addCommand(Commands.sidebar, {
    label: trans.__('Show multimodal search'),
    caption: trans.__('Collections of the notebook in front, and a search in them'),
    icon: searchIcon,
    describedBy: noArguments,
    execute: () => app.shell.activateById(sidebar.id)
  });
  const runs = (line: string) => async (): Promise<void> => {
    const panel = tracker?.currentWidget;
    if (panel) {
      const loaded = line === LOAD_EXTENSION || links.of(panel).state.kind === 'open';
      await insertAndRun(place, panel, cellOf(line, loaded));
    }
  };
  app.commands.addCommand(Commands.loadExtension, {
    label: trans.__('Load the extension in this notebook'),
    caption: trans.__('Insert and run a cell with %1', LOAD_EXTENSION),
    icon: searchIcon,
    describedBy: noArguments,
    isEnabled: hasNotebook,
    execute: runs(LOAD_EXTENSION)
  });
  app.commands.addCommand(Commands.panel, {
    label: trans.__('Open the search panel in a cell'),
    caption: trans.__('Insert and run a cell with %1', '%mmrag panel'),
    icon: searchIcon,
    describedBy: noArguments,
    isEnabled: hasNotebook,
    execute: runs('%mmrag panel')
  });
  for (const command of [Commands.sidebar, Commands.loadExtension, Commands.panel]) {
    palette?.addItem({ command, category: trans.__('Multimodal Search') });
  }
}

function waysOf(place: Place): Ways {
  const dialogs = place.dialogs ?? new SessionContextDialogs({ translator: place.translator });
  return {
    insert: (panel, source) => insertCell(place, panel, source),
    insertAndRun: (panel, source) => void insertAndRun(place, panel, source),
    chooseKernel: panel => void dialogs.selectKernel(panel.sessionContext),
    restart: panel => void dialogs.restart(panel.sessionContext),
    openTutorial: () => void place.app.commands.execute(Commands.tutorials)
  };
}

/** Cells put into notebooks, where the user sees them. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import type * as nbformat from '@jupyterlab/nbformat';
import { NotebookActions } from '@jupyterlab/notebook';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { KernelSpec } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

export interface Place {
  app: JupyterFrontEnd;
  tracker: INotebookTracker | null;
  dialogs: ISessionContextDialogs | null;
  translator: ITranslator;
}

/** The notebook in front, if its kernel speaks Python or is not known yet. */
export async function pythonNotebook(place: Place): Promise<NotebookPanel | null> {
  const panel = place.tracker?.currentWidget ?? null;
  if (panel === null || panel.content.model?.readOnly) {
    return null;
  }
  const name = panel.sessionContext.session?.kernel?.name;
  if (name === undefined) {
    return panel;
  }
  await place.app.serviceManager.kernelspecs.ready;
  return isPython(place.app.serviceManager.kernelspecs.specs?.kernelspecs[name]) ? panel : null;
}

/** Put a cell below the active one, or into that where it is empty, and bring it to sight. */
export function insertCell(place: Place, panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  const model = notebook.model;
  if (model === null) {
    return;
  }
  place.app.shell.activateById(panel.id);
  const active = notebook.activeCell?.model;
  if (active?.type === 'code' && active.sharedModel.getSource().trim() === '') {
    active.sharedModel.setSource(source);
  } else {
    const at = model.cells.length === 0 ? 0 : notebook.activeCellIndex + 1;
    // Like a cell that the user adds: nothing in it came from elsewhere.
    model.sharedModel.insertCell(at, { cell_type: 'code', source, metadata: { trusted: true } });
    notebook.activeCellIndex = at;
  }
  notebook.deselectAll();
  void notebook.scrollToItem(notebook.activeCellIndex, 'smart');
}

/** Put a cell into a notebook and run it. */
export async function insertAndRun(
  place: Place,
  panel: NotebookPanel,
  source: string
): Promise<void> {
  insertCell(place, panel, source);
  const { content, sessionContext } = panel;
  const dialogs = place.dialogs ?? undefined;
  await NotebookActions.run(content, sessionContext, dialogs, place.translator);
}

/**
 * Make a notebook in `folder` with one cell, open it and run the cell.
 *
 * Where notebooks open in pages of their own (Notebook 7), the cell waits there to be run.
 */
export async function newNotebook(place: Place, folder: string, source: string): Promise<void> {
  const { serviceManager, commands } = place.app;
  await serviceManager.kernelspecs.ready;
  const specs = serviceManager.kernelspecs.specs;
  const all = Object.values(specs?.kernelspecs ?? {});
  const spec = [specs?.kernelspecs[specs.default], ...all].find(isPython);
  const made = await serviceManager.contents.newUntitled({ path: folder, type: 'notebook' });
  await serviceManager.contents.save(made.path, {
    type: 'notebook',
    format: 'json',
    content: notebookOf(source, spec)
  });
  const panel = (await commands.execute('docmanager:open', {
    path: made.path,
    factory: 'Notebook',
    ...(spec === undefined ? {} : { kernel: { name: spec.name } })
  })) as NotebookPanel | undefined;
  if (panel?.sessionContext === undefined) {
    return;
  }
  await panel.revealed;
  await panel.sessionContext.ready;
  panel.content.activeCellIndex = 0;
  const dialogs = place.dialogs ?? undefined;
  await NotebookActions.run(panel.content, panel.sessionContext, dialogs, place.translator);
}

function notebookOf(
  source: string,
  spec: KernelSpec.ISpecModel | undefined
): nbformat.INotebookContent {
  const cell: nbformat.ICodeCell = {
    cell_type: 'code',
    id: UUID.uuid4().slice(0, 8),
    metadata: {},
    execution_count: null,
    outputs: [],
    source
  };
  const kernelspec =
    spec === undefined
      ? {}
      : { kernelspec: { name: spec.name, display_name: spec.display_name, language: 'python' } };
  return { cells: [cell], metadata: kernelspec, nbformat: 4, nbformat_minor: 5 };
}

function isPython(spec: KernelSpec.ISpecModel | undefined): spec is KernelSpec.ISpecModel {
  return spec?.language.toLowerCase() === 'python';
}

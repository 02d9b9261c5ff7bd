/** The buttons on a result, and on the panel, that put a cell below the one that shows it. */

import { CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, Notebook } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { QueryCell } from '../cellevent';
import type { Action } from '../hits/HitsView';
import { keyOf, type HitsModel } from '../hits/model';
import { askable, frameCell, likeCell, type Shown } from './resultcells';
import { DOMAIN } from './words';

/** The cell in whose output an element stands. */
export interface Place {
  notebook: Notebook;
  index: number;
  shown: Shown;
}

/** Return the buttons for a result drawn in `node`; none where it stands in no notebook. */
export function resultActions(
  node: HTMLElement,
  model: HitsModel,
  notebooks: INotebookTracker | null,
  translator: IRenderMime.ITranslator
): Action[] {
  if (placeOf(node, notebooks) === null) {
    return [];
  }
  const trans = translator.load(DOMAIN);
  const insert = (sourceAt: (shown: Shown) => string): void => {
    // Asked again: cells may have moved since.
    const place = placeOf(node, notebooks);
    if (place !== null) {
      insertBelow(place, sourceAt(place.shown));
    }
  };
  return [
    {
      id: 'use-as-query',
      label: trans.__('Use as query'),
      enabled: hits => hits.length > 0 && askable(hits.map(keyOf), model.collection ?? ''),
      run: hits => insert(() => likeCell(hits.map(keyOf), model.collection ?? ''))
    },
    {
      id: 'to-dataframe',
      label: trans.__('To dataframe'),
      whole: true,
      enabled: hits => hits.length > 0,
      run: hits => insert(shown => frameCell(hits, model, shown, translator))
    }
  ];
}

/** Insert the cell that the panel in `node` wants, if there can be one; of no keys, only look. */
export function insertQuery(
  node: HTMLElement,
  { keys, collection }: QueryCell,
  notebooks: INotebookTracker
): boolean {
  const place = placeOf(node, notebooks);
  if (place === null || !askable(keys, collection)) {
    return false;
  }
  if (keys.length > 0) {
    insertBelow(place, likeCell(keys, collection));
  }
  return true;
}

/** Return where `node` stands; null where no cell can be put below it. */
export function placeOf(node: HTMLElement, notebooks: INotebookTracker | null): Place | null {
  const notebook = notebooks?.find(each => each.content.node.contains(node))?.content;
  const index = notebook?.widgets.findIndex(cell => cell.node.contains(node)) ?? -1;
  const cell = notebook?.widgets[index];
  if (notebook === undefined || !(cell instanceof CodeCell) || notebook.model?.readOnly === true) {
    return null;
  }
  const at = cell.outputArea.widgets.findIndex(output => output.node.contains(node));
  const output = at < 0 ? undefined : cell.outputArea.model.get(at);
  const count = output?.type === 'execute_result' ? output.executionCount : null;
  return { notebook, index, shown: { source: cell.model.sharedModel.getSource(), count } };
}

export function insertBelow({ notebook, index }: Place, source: string): void {
  const at = index + 1;
  notebook.model?.sharedModel.insertCell(at, {
    cell_type: 'code',
    source,
    // Like a cell that the user adds: nothing in it came from elsewhere.
    metadata: { trusted: true }
  });
  notebook.activeCellIndex = at;
  notebook.deselectAll();
  void notebook.scrollToItem(at, 'smart');
}

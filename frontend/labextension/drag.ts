/** Hits dragged out of the sidebar: into a notebook as a cell, elsewhere as text. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

/** What a notebook takes as cells; `@jupyterlab/notebook` does not export it. */
const CELLS = 'application/vnd.jupyter.cells';

/** Go on with a browser's drag as one that notebooks understand. */
export function dragCell(event: DragEvent, source: string): void {
  event.preventDefault();
  const mimeData = new MimeData();
  const cell = { cell_type: 'code', source, metadata: { trusted: true } };
  mimeData.setData(CELLS, [{ ...cell, outputs: [], execution_count: null }]);
  mimeData.setData('text/plain', source);
  const drag = new Drag({
    mimeData,
    dragImage: imageOf(source),
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
  void drag.start(event.clientX, event.clientY).then(() => drag.dispose());
}

function imageOf(source: string): HTMLElement {
  const made = document.createElement('div');
  made.className = 'jp-mmrag-dragged';
  made.textContent = source;
  return made;
}

/** What the sidebar's buttons do outside of it. */

import type { NotebookPanel } from '@jupyterlab/notebook';

export interface Ways {
  /** Put a cell into the notebook. */
  insert(panel: NotebookPanel, source: string): void;
  /** Put a cell into the notebook and run it. */
  insertAndRun(panel: NotebookPanel, source: string): void;
  chooseKernel(panel: NotebookPanel): void;
  restart(panel: NotebookPanel): void;
  openTutorial(): void;
}

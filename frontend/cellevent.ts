/** How the panel asks JupyterLab for a cell: by an event, since a widget is given nothing of Lab's. */

import { isRecord, text, texts } from './hits/json';

const NAME = 'mmrag:query-cell';

/** A query for what is like some items; of none, it only asks whether a cell could be had. */
export interface QueryCell {
  collection: string;
  keys: string[];
}

/** Ask for a cell below the one that shows `node`; false where nobody inserts any. */
export function asksForCell(node: EventTarget | null, wanted: QueryCell): boolean {
  const event = new CustomEvent(NAME, {
    detail: wanted,
    bubbles: true,
    cancelable: true,
    composed: true
  });
  return node?.dispatchEvent(event) === false;
}

/** Hear who asks for a cell; `insert` tells whether it could be had. */
export function hearsOfCells(insert: (node: HTMLElement, wanted: QueryCell) => boolean): void {
  document.addEventListener(NAME, event => {
    const { target } = event;
    const detail: unknown = event instanceof CustomEvent ? event.detail : null;
    if (target instanceof HTMLElement && isRecord(detail)) {
      const wanted = { collection: text(detail.collection), keys: texts(detail.keys) };
      if (insert(target, wanted)) {
        event.preventDefault();
      }
    }
  });
}

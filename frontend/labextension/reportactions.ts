/** The buttons on a load's report that put a cell below the one that shows it. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { Report } from '../reports/model';
import type { ReportAction } from '../reports/ReportView';
import { fitsInLine, infoLine, panelLine, problemsLine } from './magicline';
import { insertBelow, placeOf } from './resultactions';
import { DOMAIN } from './words';

/** Return the buttons for a report drawn in `node`; none where it stands in no notebook. */
export function reportActions(
  node: HTMLElement,
  { collection, total }: Report,
  notebooks: INotebookTracker | null,
  translator: IRenderMime.ITranslator
): ReportAction[] {
  if (placeOf(node, notebooks) === null || collection === '' || !fitsInLine(collection)) {
    return [];
  }
  const trans = translator.load(DOMAIN);
  const insert = (source: string) => (): void => {
    // Asked again: cells may have moved since.
    const place = placeOf(node, notebooks);
    if (place !== null) {
      insertBelow(place, source);
    }
  };
  const problems = {
    id: 'show-problems',
    label: trans.__('Show the problems'),
    run: insert(problemsLine(collection))
  };
  return [
    ...(total > 0 ? [problems] : []),
    {
      id: 'tell-about',
      label: trans.__('About the collection'),
      run: insert(infoLine(collection))
    },
    {
      id: 'search-in',
      label: trans.__('Search in it'),
      run: insert(panelLine(collection))
    }
  ];
}

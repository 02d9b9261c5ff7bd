/** Shows hits, answers and reports of loads in the outputs of notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ANSWER_MIME } from '../answers/model';
import { hearsOfCells } from '../cellevent';
import { HITS_MIME } from '../hits/model';
import { REPORT_MIME } from '../reports/model';
import { AnswerRenderer } from './answerrenderer';
import { HitsRenderer } from './hitsrenderer';
import { ILinks } from './links';
import { ReportRenderer } from './reportrenderer';
import { insertQuery } from './resultactions';

const RANK = 10; // before the HTML that stands beside it in the same output

/**
 * A plugin and not a MIME extension, which is never given the notebooks: a button on a result
 * puts a cell below the one that shows it.
 */
export const results: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:results',
  description:
    'Shows hits as a gallery, a table or a list, answers beside their sources, and what a load did.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ITranslator, ILinks],
  activate: (
    _app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    notebooks: INotebookTracker | null,
    known: ITranslator | null,
    links: ILinks | null
  ) => {
    const translator = known ?? nullTranslator;
    if (notebooks !== null) {
      hearsOfCells((node, wanted) => insertQuery(node, wanted, notebooks));
    }
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [HITS_MIME],
        createRenderer: () => new HitsRenderer({ rendermime, notebooks, links, translator })
      },
      RANK
    );
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [ANSWER_MIME],
        createRenderer: () => new AnswerRenderer(rendermime, translator)
      },
      RANK
    );
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [REPORT_MIME],
        createRenderer: () => new ReportRenderer(rendermime, notebooks, translator)
      },
      RANK
    );
  }
};

/** Gives Lab's translator to the widgets of ours on its pages, which get nothing of Lab's. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';

import { giveTranslator } from '../translation';
import { DOMAIN } from './words';

export const translatorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:translator',
  description: 'Gives the search panel in a cell the language of JupyterLab.',
  autoStart: true,
  requires: [ITranslator],
  activate: (_: JupyterFrontEnd, translator: ITranslator) => giveTranslator(translator.load(DOMAIN))
};

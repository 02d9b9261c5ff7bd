/** The sentences of the hits view in the language of JupyterLab. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { hitsStrings } from '../hits/strings';
import type { Strings } from '../hits/strings';
import { DOMAIN } from './words';

export function stringsOf(translator: IRenderMime.ITranslator): Strings {
  return hitsStrings(translator.load(DOMAIN));
}

/** The cells that the buttons on a result put below it. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { Hit, HitsModel } from '../hits/model';
import { asWord, fitsInLine } from './magicline';
import { DOMAIN } from './words';

/** Where in its cell a result stands. */
export interface Shown {
  source: string;
  /** The number n of `Out[n]`; null where the output is not the cell's result. */
  count: number | null;
}

const MOST = 100; // positions that a cell names one by one

/** Whether items can be asked for in a line: an id may hold what no line can. */
export function askable(keys: readonly string[], collection: string): boolean {
  return keys.every(key => key !== '' && fitsInLine(key)) && fitsInLine(collection);
}

/** A query for what is like some items. */
export function likeCell(keys: readonly string[], collection: string): string {
  const like = keys.map(key => `--like ${asWord(key)}`);
  return ['%mmrag query', ...like, ...(collection === '' ? [] : ['--in', asWord(collection)])].join(
    ' '
  );
}

/** The hits as a dataframe: all of them, or those that the view has left, in its order. */
export function frameCell(
  hits: readonly Hit[],
  model: HitsModel,
  shown: Shown,
  translator: IRenderMime.ITranslator
): string {
  const { comment, before, value } = referenceTo(shown, translator);
  const positions = hits.map(hit => model.hits.indexOf(hit));
  const whole = positions.every((position, index) => position === index);
  const all = whole && hits.length === model.hits.length;
  const some = all || hits.length > MOST ? '' : `.iloc[[${positions.join(', ')}]]`;
  return [`# ${comment}`, ...before, `${value}.to_pandas()${some}`].join('\n');
}

interface Reference {
  /** What the reader of the cell should know of `value`. */
  comment: string;
  before: string[];
  value: string;
}

const CELL_MAGIC = /^\s*%%mmrag\s+query\b.*?\s--out(?:\s+|=)([^\W\d]\w*)/;
const LINE_MAGIC = /^(?:([^\W\d]\w*)\s*=\s*)?(%mmrag\s+(?:query|show)\b.*?);?\s*$/;

function referenceTo({ source, count }: Shown, translator: IRenderMime.ITranslator): Reference {
  const trans = translator.load(DOMAIN);
  const run = trans.__('Only in the kernel that ran the cell above; run it again after a restart.');
  if (count !== null) {
    return { comment: run, before: [], value: `Out[${count}]` };
  }
  const out = CELL_MAGIC.exec(source)?.[1];
  if (out !== undefined) {
    return { comment: run, before: [], value: out };
  }
  const lines = source.split('\n').map(line => LINE_MAGIC.exec(line));
  const [line, ...others] = lines.filter(match => match !== null);
  if (line !== undefined && others.length === 0) {
    const [, name, magic = ''] = line;
    return name !== undefined
      ? { comment: run, before: [], value: name }
      : {
          comment: trans.__('Asks again, because the hits above were given no name.'),
          before: [`hits = ${magic}`],
          value: 'hits'
        };
  }
  return {
    comment: trans.__('Put the name of the hits above in place of `hits`.'),
    before: [],
    value: 'hits'
  };
}

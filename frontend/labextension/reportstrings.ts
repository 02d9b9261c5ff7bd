/** The sentences of a load's report in the language of JupyterLab. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import type { ReportStrings } from '../reports/strings';
import { DOMAIN } from './words';

export function reportStringsOf(translator: IRenderMime.ITranslator): ReportStrings {
  const trans = translator.load(DOMAIN);
  const said = (count: number): string => count.toLocaleString();
  return {
    report: collection => trans.__('What was loaded into %1', collection),
    counted: (outcome, count) => {
      switch (outcome) {
        case 'added':
          return trans._n('%2 added', '%2 added', count, said(count));
        case 'updated':
          return trans._n('%2 updated', '%2 updated', count, said(count));
        case 'unchanged':
          return trans._n('%2 unchanged', '%2 unchanged', count, said(count));
        case 'removed':
          return trans._n('%2 removed', '%2 removed', count, said(count));
        case 'failed':
          return trans._n('%2 failed', '%2 failed', count, said(count));
        case 'kept':
          return trans._n(
            '%2 no longer in the source but kept',
            '%2 no longer in the source but kept',
            count,
            said(count)
          );
      }
    },
    took: seconds => trans.__('in %1 s', seconds),
    tookAt: (seconds, items) => trans.__('in %1 s, %2 items a second', seconds, items),
    problems: trans.__('Problems'),
    filter: trans.__('Filter the problems'),
    source: trans.__('Source'),
    reason: trans.__('Reason'),
    noneMatches: trans.__('None of the problems matches the filter.'),
    all: count => trans._n('%2 problem', '%2 problems', count, said(count)),
    some: (shown, total) =>
      trans.__(
        'The first %1 of %2 problems, to keep the notebook small.',
        said(shown),
        said(total)
      ),
    matching: (matching, shown) =>
      trans.__('%1 of %2 problems match the filter.', said(matching), said(shown)),
    copy: trans.__('Copy name'),
    copied: source => trans.__('Copied %1', source),
    notCopied: trans.__('The browser did not allow copying.'),
    cannotCopy: trans.__('This name is too long to have been kept: it cannot be copied.'),
    otherVersion: version =>
      trans.__(
        'This report was written by another version of mmrag_jupyter (format %1). Its plain form is shown.',
        version
      ),
    noPayload: trans.__('This report cannot be read. Its plain form is shown.')
  };
}

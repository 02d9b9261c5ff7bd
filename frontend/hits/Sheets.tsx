/** The other pages of a document that matched, small, below its picture. */

import type { JSX } from 'preact';

import type { Hit } from './model';
import { harmless } from './pictures';
import type { HitsViewProps } from './props';

export function Sheets(props: { hit: Hit; view: HitsViewProps }): JSX.Element | null {
  const { hit, view } = props;
  const drawn = (hit.sheets ?? []).flatMap(sheet => {
    const url = harmless(view.sheet?.(sheet) ?? null);
    return url === null ? [] : [{ ...sheet, url }];
  });
  if (drawn.length === 0) {
    return null;
  }
  return (
    <ul class="mmrag-sheets">
      {drawn.map(({ page, url }) => (
        <li key={page}>
          <img src={url} alt={view.strings.page(page)} decoding="async" draggable={false} />
          <span class="mmrag-dim" aria-hidden="true">
            {view.strings.page(page)}
          </span>
        </li>
      ))}
    </ul>
  );
}

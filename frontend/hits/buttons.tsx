/** What can be done with hits: copy the id, the actions of the host, thumbs up and down. */

import type { JSX } from 'preact';

import type { Shared } from './context';
import type { Hit } from './model';
import type { Mark } from './props';

export const COPY = 'copy-id';

/**
 * The buttons for some hits; `tab` says whether the keyboard reaches them, `narrow` that there
 * is little room.
 */
export function Actions(props: {
  shared: Shared;
  hits: Hit[];
  tab: boolean;
  narrow?: boolean;
}): JSX.Element {
  const { shared, hits, tab, narrow = false } = props;
  const { actions, strings } = shared.view;
  const offered = actions.filter(
    action => action.whole !== true && !(narrow && action.roomy === true)
  );
  return (
    <>
      {[{ id: COPY, label: strings.copyId }, ...offered].map(action => (
        <button
          key={action.id}
          type="button"
          class="mmrag-button"
          data-action={action.id}
          tabIndex={tab ? 0 : -1}
          disabled={'enabled' in action && action.enabled?.(hits) === false}
          onClick={event => {
            event.stopPropagation();
            shared.act(action.id, hits);
          }}
        >
          {action.label}
        </button>
      ))}
    </>
  );
}

/** Thumbs up and down, where the host keeps them. */
export function Thumbs(props: { shared: Shared; hit: Hit; tab: boolean }): JSX.Element | null {
  const { shared, hit, tab } = props;
  const { marks, strings } = shared.view;
  if (marks === undefined) {
    return null;
  }
  const now = marks.of(hit);
  const thumb = (mark: Mark, label: string): JSX.Element => (
    <button
      type="button"
      class="mmrag-thumb"
      aria-label={label}
      title={label}
      aria-pressed={now === mark}
      tabIndex={tab ? 0 : -1}
      onClick={event => {
        event.stopPropagation();
        marks.onMark(hit, now === mark ? null : mark);
      }}
    >
      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true">
        <g transform={mark === 'up' ? undefined : 'rotate(180 12 12)'}>
          <path d="M2 10h4v11H2zM8 21V10l4.5-8c1.6 0 2.6 1.2 2.3 2.8L14 9h6c1.2 0 2.1 1.1 1.9 2.3l-1.4 8A2 2 0 0 1 18.500 21z" />
        </g>
      </svg>
    </button>
  );
  return (
    <span class="mmrag-thumbs">
      {thumb('up', strings.thumbUp)}
      {thumb('down', strings.thumbDown)}
    </span>
  );
}

/** Pictures of hits: asked for when they come into sight, let go when they leave it. */

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

import type { Hit, Thumbnail } from './model';
import { Unanswered } from './props';
import type { HitsViewProps, Size } from './props';
import { oneLine, visible } from './text';

export type PictureState =
  | { kind: 'none' }
  | { kind: 'pending' }
  | { kind: 'ready'; url: string }
  | { kind: 'gone'; reason: string }
  | { kind: 'unanswered' };

/** Pictures that can do nothing but be seen: no SVG, and nothing that has to be fetched. */
const HARMLESS = /^(?:data:image\/(?:png|jpeg|webp|gif|avif|bmp);base64,|blob:)/i;

/** Return a URL that may be given to an `<img>`, else null. */
export function harmless(url: string | null): string | null {
  return url !== null && HARMLESS.test(url) ? url : null;
}

type Source = HitsViewProps['picture'];

export function usePicture(picture: Source, hit: Hit, size: Size): PictureState {
  const [state, setState] = useState<PictureState>({ kind: 'pending' });
  useLayoutEffect(() => {
    const lifetime = new AbortController();
    const show = (url: string | null): void => {
      if (!lifetime.signal.aborted) {
        setState(stateOf(url, hit));
      }
    };
    const fail = (error: unknown): void => {
      if (error instanceof Unanswered && !lifetime.signal.aborted) {
        setState({ kind: 'unanswered' });
      } else if (!lifetime.signal.aborted) {
        const reason = error instanceof Error ? error.message : '';
        setState({ kind: 'gone', reason: hit.problem || oneLine(reason, 200) });
      }
    };
    try {
      const found = picture(hit, size, lifetime.signal);
      if (found instanceof Promise) {
        setState({ kind: 'pending' });
        found.then(show, fail);
      } else {
        show(found);
      }
    } catch (error) {
      fail(error);
    }
    return () => lifetime.abort();
  }, [picture, hit, size]);
  return state;
}

function stateOf(url: string | null, hit: Hit): PictureState {
  const shown = harmless(url);
  if (shown !== null) {
    return { kind: 'ready', url: shown };
  }
  if (hit.problem !== '') {
    return { kind: 'gone', reason: hit.problem };
  }
  return hit.thumbnail === null ? { kind: 'none' } : { kind: 'gone', reason: '' };
}

/** The picture of a hit, or why there is none; `children` stand in where it has no picture. */
export function Picture(props: {
  hit: Hit;
  alt: string;
  view: HitsViewProps;
  children?: JSX.Element | string;
}): JSX.Element {
  const { hit, alt, view } = props;
  const state = usePicture(view.picture, hit, 'thumbnail');
  return (
    <Drawn state={state} alt={alt} strings={view.strings} style={atMostTwice(hit.thumbnail)}>
      {props.children}
    </Drawn>
  );
}

/** The large picture of a hit; the small one until it is there, and where it cannot be had. */
export function LargePicture(props: {
  hit: Hit;
  alt: string;
  view: HitsViewProps;
}): JSX.Element {
  const { hit, alt, view } = props;
  const { strings } = view;
  const small = usePicture(view.picture, hit, 'thumbnail');
  const large = usePicture(view.picture, hit, 'large');
  const standsIn = large.kind !== 'ready' && small.kind === 'ready';
  // As high as its width makes it.
  const { maxWidth } = atMostTwice(hit.thumbnail);
  return (
    <>
      <Drawn
        state={standsIn ? small : large}
        alt={alt}
        strings={strings}
        style={{ maxWidth }}
      />
      {standsIn && large.kind === 'gone' && large.reason !== '' && (
        <p class="mmrag-dim" role="status" dir="auto">
          {visible(large.reason)}
        </p>
      )}
    </>
  );
}

function Drawn(props: {
  state: PictureState;
  alt: string;
  strings: HitsViewProps['strings'];
  style: { maxWidth?: string; maxHeight?: string };
  children?: JSX.Element | string;
}): JSX.Element {
  const { state, strings } = props;
  const [broken, setBroken] = useState('');
  const gone = (reason: string): JSX.Element => (
    <div class="mmrag-gone">
      <b>{strings.pictureGone}</b>
      {reason !== '' && <span dir="auto">{visible(reason)}</span>}
    </div>
  );
  switch (state.kind) {
    case 'pending':
      return <div class="mmrag-pending" />;
    case 'gone':
      return gone(state.reason);
    case 'unanswered':
      return <div class="mmrag-gone">{strings.unanswered}</div>;
    case 'none':
      return <div class="mmrag-instead">{props.children ?? strings.noPicture}</div>;
    case 'ready':
      return broken === state.url ? (
        gone('')
      ) : (
        <img
          src={state.url}
          alt={visible(props.alt)}
          decoding="async"
          draggable={false}
          style={props.style}
          onError={() => setBroken(state.url)}
        />
      );
  }
}

/** A small picture is not blown up beyond twice its size. */
export function atMostTwice(thumbnail: Thumbnail | null): {
  maxWidth?: string;
  maxHeight?: string;
} {
  return thumbnail === null || thumbnail.width === 0
    ? {}
    : {
        maxWidth: `min(100%, ${2 * thumbnail.width}px)`,
        maxHeight: `min(100%, ${2 * thumbnail.height}px)`
      };
}

/** Pictures of hits: asked for when they come into sight, let go when they leave it. */

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

import type { Hit } from './model';
import type { HitsViewProps, Size } from './props';
import { oneLine, visible } from './text';

export type PictureState =
  | { kind: 'none' }
  | { kind: 'pending' }
  | { kind: 'ready'; url: string }
  | { kind: 'gone'; reason: string };

/** Pictures that can do nothing but be seen: no SVG, and nothing that has to be fetched. */
const HARMLESS = /^(?:data:image\/(?:png|jpeg|webp|gif|avif|bmp);base64,|blob:)/i;

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
      if (!lifetime.signal.aborted) {
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
  if (url !== null && HARMLESS.test(url)) {
    return { kind: 'ready', url };
  }
  if (hit.problem !== '') {
    return { kind: 'gone', reason: hit.problem };
  }
  return hit.thumbnail === null ? { kind: 'none' } : { kind: 'gone', reason: '' };
}

/** The picture of a hit, or why there is none; `children` stand in where it has no picture. */
export function Picture(props: {
  hit: Hit;
  size: Size;
  alt: string;
  view: HitsViewProps;
  children?: JSX.Element | string;
}): JSX.Element {
  const { hit, size, alt, view } = props;
  const state = usePicture(view.picture, hit, size);
  const [broken, setBroken] = useState(false);
  const gone = (reason: string): JSX.Element => (
    <div class="mmrag-gone">
      <b>{view.strings.pictureGone}</b>
      {reason !== '' && <span dir="auto">{visible(reason)}</span>}
    </div>
  );
  switch (state.kind) {
    case 'pending':
      return <div class="mmrag-pending" />;
    case 'gone':
      return gone(state.reason);
    case 'none':
      return <div class="mmrag-instead">{props.children ?? view.strings.noPicture}</div>;
    case 'ready':
      return broken ? (
        gone('')
      ) : (
        <img
          src={state.url}
          alt={visible(alt)}
          decoding="async"
          draggable={false}
          style={atMostTwice(hit, size)}
          onError={() => setBroken(true)}
        />
      );
  }
}

/** A small picture is not blown up beyond twice its size. */
function atMostTwice(hit: Hit, size: Size): { maxWidth?: string; maxHeight?: string } {
  if (hit.thumbnail === null) {
    return {};
  }
  const maxWidth = `min(100%, ${2 * hit.thumbnail.width}px)`;
  // A large one is as high as its width makes it.
  return size === 'large'
    ? { maxWidth }
    : { maxWidth, maxHeight: `min(100%, ${2 * hit.thumbnail.height}px)` };
}

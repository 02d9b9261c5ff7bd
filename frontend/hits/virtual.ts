/** A virtual scroller for Preact: of many rows only those in sight are in the page. */

import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

type Options = VirtualizerOptions<HTMLElement, HTMLElement>;
export type Scroller = Virtualizer<HTMLElement, HTMLElement>;

export function useVirtual(
  options: Pick<Options, 'count' | 'getScrollElement' | 'estimateSize'> & Partial<Options>
): Scroller {
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  const whole: Options = {
    overscan: 2,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    ...options,
    onChange: () => redraw(undefined)
  };
  const [scroller] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(whole));
  scroller.setOptions(whole);
  useLayoutEffect(() => scroller._didMount(), [scroller]);
  useLayoutEffect(() => scroller._willUpdate());
  return scroller;
}

/** Return the inner width of an element in pixels, kept up to date; it is never 0. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  const last = useRef(0);
  useLayoutEffect(() => {
    const node = element.current;
    if (node === null) {
      return undefined;
    }
    const measure = (): void => {
      // A notebook detaches what is out of sight: the width stays as it was.
      if (node.clientWidth > 0 && node.clientWidth !== last.current) {
        last.current = node.clientWidth;
        setWidth(node.clientWidth);
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return width || 640;
}

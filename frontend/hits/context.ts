/** What the parts of the hits view share. */

import type { RefObject } from 'preact';

import type { Look } from './look';
import type { Hit } from './model';
import type { HitsViewProps } from './props';
import type { Shape } from './keys';

export interface Shared {
  view: HitsViewProps;
  /** The hits in their order, filtered. */
  hits: readonly Hit[];
  look: Look;
  /** The words to mark, folded; the same for all hits of a query. */
  terms: ReadonlySet<string>;
  /** The hit that has the focus when the user tabs into the view. */
  active: number;
  /** Counts up when the active hit is to be focused and brought into sight. */
  focused: number;
  /** The views tell here how they are laid out, for keys to know where they lead. */
  shape: RefObject<Shape>;
  click(index: number, event: MouseEvent): void;
  open(index: number): void;
  act(id: string, hits: Hit[]): void;
}

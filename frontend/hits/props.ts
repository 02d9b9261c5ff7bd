/** What a host (the MIME renderer, the panel, the sidebar) gives to the hits view. */

import type { Hit, HitsModel, Sheet, View } from './model';
import type { Strings } from './strings';

export type Size = 'thumbnail' | 'large';

/** What a picture or a sound is refused with where the kernel does not answer. */
export class Unanswered extends Error {}

/** A button on hits: on those selected, else on the one that has the focus or is open. */
export interface Action {
  id: string;
  label: string;
  run(hits: Hit[]): void;
  enabled?(hits: Hit[]): boolean;
  /** On the whole result: `run` gets all hits, and the button stands in the toolbar alone. */
  whole?: boolean;
  /** Where there is room for it: not on each picture of the gallery. */
  roomy?: boolean;
}

export interface Selection {
  ids: ReadonlySet<string>;
  onChange(ids: ReadonlySet<string>): void;
}

export type Mark = 'up' | 'down';

export interface Marks {
  of(hit: Hit): Mark | null;
  /** The mark that the user gave, or null when one was taken back. */
  onMark(hit: Hit, mark: Mark | null): void;
}

export interface HitsViewProps {
  model: HitsModel;
  /** A data: or blob: URL, null when there is none. May reject; `signal` says when nobody waits. */
  picture(hit: Hit, size: Size, signal: AbortSignal): string | null | Promise<string | null>;
  /** The picture of another page that matched, where the host has it. */
  sheet?(sheet: Sheet): string | null;
  /**
   * A data: or blob: URL of what is to be heard, null when it cannot be had; asked for when the
   * user wants to hear it. May reject with why.
   */
  sound?(hit: Hit, signal: AbortSignal): string | null | Promise<string | null>;
  actions: readonly Action[];
  strings: Strings;
  /** Without it hits cannot be selected. */
  selection?: Selection;
  /** The view is near the end of `model.hits`: load more of them, if there are. */
  onNearEnd?(): void;
  marks?: Marks;
  onDragStart?(hit: Hit, event: DragEvent): void;
  /** The user chose another view; the model's is where it starts. */
  onView?(view: View): void;
  /** Pixels of the longer side of a picture in the gallery; 160 unless said. */
  thumbnail?: number;
  /** Whether the user can sort and filter here; yes unless said. */
  arrange?: boolean;
  /** The largest height in pixels before the hits scroll; null fills the host. 560 unless said. */
  height?: number | null;
}

export interface Mounted {
  update(props: HitsViewProps): void;
  dispose(): void;
}

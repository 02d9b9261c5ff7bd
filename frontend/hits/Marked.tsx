/** A text of the user's data, its direction its own, the words of the query marked. */

import type { JSX } from 'preact';

import { pieces, snippet, visible } from './text';

export function Marked(props: {
  text: string;
  terms: ReadonlySet<string>;
  /** Characters around the first match; all of the text unless said. */
  width?: number;
}): JSX.Element {
  const { text, terms, width } = props;
  const line = width === undefined ? visible(text) : snippet(text, terms, width);
  return (
    <bdi>
      {pieces(line, terms).map(piece => (piece.marked ? <mark>{piece.text}</mark> : piece.text))}
    </bdi>
  );
}

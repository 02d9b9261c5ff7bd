/** Pictures side by side, as many as fit the width, each with what it is. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { Actions, Thumbs } from './buttons';
import type { Shared } from './context';
import { Fields, Name, Reason, place, subtitles } from './Facts';
import { Joined, isJoined } from './Joined';
import { body, heading } from './look';
import { Marked } from './Marked';
import { Picture } from './pictures';
import { PlayButton } from './Player';
import { Rows } from './Rows';
import { useWidth } from './virtual';

const GAP = 8; // pixels around the contents of a tile
const NARROWEST = 0.9; // of a thumbnail's size, so that two tiles fit beside each other on a phone
const LINE = 18; // pixels of a line of text
const FIELDS = 3;

export function Gallery(props: { shared: Shared }): JSX.Element {
  const { shared } = props;
  const { hits, look, view, active } = shared;
  const { thumbnail = 160, height = 560 } = view;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const across = Math.max(Math.floor(width / (NARROWEST * thumbnail + 2 * GAP)), 1);

  // Tiles are equally high, so that nothing has to be measured while scrolling.
  const titled = look.title !== '';
  const placed = hits.some(hit => place(shared, hit) !== '');
  const quoted = look.text && look.pictures;
  const reasoned = hits.some(hit => (hit.reason ?? '') !== '');
  const joined = hits.some(isJoined);
  const fields = Math.min(look.fields.length, FIELDS);
  const pairs = Number(quoted) + Number(reasoned) + 2 * Number(joined);
  const lines = 2 + Number(titled || placed) + 2 * pairs + fields;
  const tile = thumbnail + lines * LINE + 2 * GAP;

  return (
    <div
      ref={host}
      class="mmrag-scroll"
      style={{ maxHeight: height === null ? undefined : `${height}px` }}
    >
      <Rows
        shared={shared}
        host={host}
        across={across}
        height={tile}
        class="mmrag-gallery"
        label={view.strings.results}
        cell={(hit, index) => (
          <div class="mmrag-tile" style={{ height: `${tile}px` }}>
            <div class="mmrag-frame" style={{ height: `${thumbnail}px` }}>
              <Picture
                hit={hit}
                alt={hit.alt || heading(hit, look)}
                view={view}
              >
                {hit.text === '' ? undefined : (
                  <Marked text={body(hit, look)} terms={shared.terms} width={160} />
                )}
              </Picture>
              <PlayButton hit={hit} view={view} tab={index === active} />
              <Thumbs shared={shared} hit={hit} tab={index === active} />
            </div>
            <Name shared={shared} hit={hit} />
            {(titled || placed) && (
              <div class="mmrag-sub mmrag-dim" dir="auto">
                {subtitles(shared, hit).join(' · ')}
              </div>
            )}
            {reasoned && <Reason hit={hit} />}
            <Joined shared={shared} hit={hit} />
            {quoted && (
              <div class="mmrag-quote">
                <Marked text={body(hit, look)} terms={shared.terms} width={100} />
              </div>
            )}
            <Fields shared={shared} hit={hit} most={FIELDS} />
            <div class="mmrag-over">
              <Actions shared={shared} hits={[hit]} tab={index === active} narrow />
            </div>
          </div>
        )}
      />
    </div>
  );
}

/** Passages, one below the other, each with where it stands. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { Actions, Thumbs } from './buttons';
import type { Shared } from './context';
import { Fields, Name, Reason, subtitles } from './Facts';
import { Joined } from './Joined';
import { body, heading } from './look';
import { Marked } from './Marked';
import { Picture } from './pictures';
import { isWave, PlayButton } from './Player';
import { Rows } from './Rows';
import { hasSaid, Said } from './Said';

const PASSAGE = 420; // characters around the match
const USUAL = 120; // pixels of a passage that was not drawn yet
const FIELDS = 6;

export function List(props: { shared: Shared }): JSX.Element {
  const { shared } = props;
  const { look, view, active, terms } = shared;
  const { height = 560 } = view;
  const host = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={host}
      class="mmrag-scroll"
      style={{ maxHeight: height === null ? undefined : `${height}px` }}
    >
      <Rows
        shared={shared}
        host={host}
        across={1}
        height={USUAL}
        measured
        class="mmrag-list"
        label={view.strings.results}
        cell={(hit, index) => (
          <div class="mmrag-passage">
            {look.pictures && (
              <div class={`mmrag-frame mmrag-side${isWave(hit) ? ' mmrag-wave' : ''}`}>
                <Picture hit={hit} alt={hit.alt || heading(hit, look)} view={view} />
                <PlayButton hit={hit} view={view} tab={index === active} />
              </div>
            )}
            <div class="mmrag-main">
              <Name shared={shared} hit={hit} />
              <div class="mmrag-dim" dir="auto">
                {subtitles(shared, hit).join(' · ')}
              </div>
              <Reason hit={hit} />
              <Joined shared={shared} hit={hit} />
              <Said hit={hit} terms={terms} />
              {hit.text !== '' && !hasSaid(hit) && (
                <p>
                  <Marked text={body(hit, look)} terms={terms} width={PASSAGE} />
                </p>
              )}
              <div class="mmrag-fields">
                <Fields shared={shared} hit={hit} most={FIELDS} />
              </div>
              <div class="mmrag-buttons">
                <Actions shared={shared} hits={[hit]} tab={index === active} />
                <Thumbs shared={shared} hit={hit} tab={index === active} />
              </div>
            </div>
          </div>
        )}
      />
    </div>
  );
}

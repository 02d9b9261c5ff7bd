/** One hit, large: its picture, why it was found, its text, and all its metadata. */

import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { Actions, Thumbs } from './buttons';
import type { Shared } from './context';
import { Name, Reason, place } from './Facts';
import { Joined } from './Joined';
import { body, heading } from './look';
import { Marked } from './Marked';
import type { Hit } from './model';
import { LargePicture } from './pictures';
import { isWave, WholePlayer } from './Player';
import { hasSaid, Said } from './Said';
import { Sheets } from './Sheets';
import { signalName } from './strings';
import { oneLine, scoreText, shown, visible } from './text';

export function Detail(props: {
  shared: Shared;
  hit: Hit;
  said: string;
  onMove(index: number): void;
  onClose(): void;
}): JSX.Element {
  const { shared, hit, onMove, onClose } = props;
  const { hits, view, look, terms } = shared;
  const { strings } = view;
  const dialog = useRef<HTMLDialogElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const index = hits.indexOf(hit);

  useLayoutEffect(() => {
    const node = dialog.current;
    // In the top layer it is as large as the page, however narrow the host.
    node?.showModal();
    // Keys scroll it from there; on a button, an Enter that is held down would press it.
    inside.current?.focus();
    return () => node?.close();
  }, []);

  const step = (by: number): void => {
    const to = index + by;
    if (index >= 0 && to >= 0 && to < hits.length) {
      onMove(to);
    }
  };
  const { columnsLeftOut = 0 } = view.model;
  const heard = (hit.sound ?? null) !== null;
  const spot = [hit.source, place(shared, hit)].filter(each => each !== '').join(', ');
  return (
    <dialog
      ref={dialog}
      class="mmrag-detail"
      aria-label={oneLine(heading(hit, look), 120)}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onClick={event => {
        event.stopPropagation();
        if (event.target === event.currentTarget) {
          onClose(); // the backdrop
        }
      }}
      onKeyDown={event => {
        // In a player these go forth and back in the recording.
        const inPlayer = event.target instanceof HTMLMediaElement;
        const by = inPlayer ? undefined : { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose();
        } else if (by !== undefined) {
          event.preventDefault();
          step(by);
        }
      }}
    >
      <div class="mmrag-sheet">
        <header class="mmrag-bar">
          <Name shared={shared} hit={hit} />
          <span class="mmrag-space" />
          <Thumbs shared={shared} hit={hit} tab />
          <button
            type="button"
            class="mmrag-button"
            aria-label={strings.previous}
            title={strings.previous}
            disabled={index <= 0}
            onClick={() => step(-1)}
          >
            ‹
          </button>
          <button
            type="button"
            class="mmrag-button"
            aria-label={strings.next}
            title={strings.next}
            disabled={index < 0 || index === hits.length - 1}
            onClick={() => step(1)}
          >
            ›
          </button>
          <button
            type="button"
            class="mmrag-button"
            aria-label={strings.close}
            title={strings.close}
            onClick={onClose}
          >
            ×
          </button>
        </header>
        <div ref={inside} class="mmrag-inside" tabIndex={0} role="group" aria-label={strings.larger}>
          {(hit.thumbnail !== null || hit.problem !== '' || heard) && (
            <figure class={isWave(hit) ? 'mmrag-large mmrag-heard' : 'mmrag-large'}>
              <LargePicture
                key={hit.id}
                hit={hit}
                alt={hit.alt || heading(hit, look)}
                view={view}
              />
              {heard && <WholePlayer key={`heard ${hit.id}`} hit={hit} view={view} />}
              {hit.thumbnail !== null && hit.thumbnail.width > 0 && !isWave(hit) && (
                <figcaption class="mmrag-dim">
                  {strings.original(hit.thumbnail.width, hit.thumbnail.height)}
                </figcaption>
              )}
              <Sheets hit={hit} view={view} />
            </figure>
          )}
          <div class="mmrag-facts">
            <div class="mmrag-buttons">
              <Actions shared={shared} hits={[hit]} tab />
            </div>
            <Reason hit={hit} />
            <Joined shared={shared} hit={hit} />
            <p class="mmrag-id">
              <span class="mmrag-dim">{strings.id}</span> <bdi>{visible(hit.id)}</bdi>
            </p>
            {spot !== '' && (
              <p class="mmrag-id">
                <span class="mmrag-dim">{strings.source}</span> <bdi>{visible(spot)}</bdi>
              </p>
            )}
            <h3>{strings.why}</h3>
            <p>{strings.score(scoreText(hit.score))}</p>
            {hit.why.map((each, place) => {
              const line = strings.signal(
                signalName(each.signal, strings),
                each.rank,
                Math.round(each.share * 100)
              );
              return (
                <div key={place} class="mmrag-why">
                  <meter value={each.share} aria-label={line} /> <bdi>{line}</bdi>
                </div>
              );
            })}
            {hit.text !== '' && (
              <>
                <h3>{strings.text}</h3>
                <Said hit={hit} terms={terms} />
                {!hasSaid(hit) && (
                  <p class="mmrag-whole">
                    <Marked text={body(hit, look)} terms={terms} />
                  </p>
                )}
              </>
            )}
            {view.model.columns.some(name => name in hit.metadata) && (
              <>
                <h3>{strings.fields}</h3>
                <dl class="mmrag-metadata">
                  {view.model.columns
                    .filter(name => name in hit.metadata)
                    .map(name => (
                      <div key={name}>
                        <dt>
                          <bdi>{oneLine(name, 120)}</bdi>
                        </dt>
                        <dd>
                          <bdi>{shown(hit.metadata[name], 10_000)}</bdi>
                        </dd>
                      </div>
                    ))}
                </dl>
                {columnsLeftOut > 0 && (
                  <p class="mmrag-dim">{strings.columnsLeftOut(columnsLeftOut)}</p>
                )}
              </>
            )}
          </div>
        </div>
        <div class="mmrag-status mmrag-dim" role="status" dir="auto">
          {props.said}
        </div>
      </div>
    </dialog>
  );
}

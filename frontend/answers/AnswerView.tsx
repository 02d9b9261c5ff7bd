/** An answer: its text, and beside it the sources that it cites. */

import { createElement, render, type ComponentChildren, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { harmlessSound, heardWhileSeen, playsAlone } from '../hits/hearing';
import { atMostTwice } from '../hits/pictures';
import { isForNotebook, useShortcutGuard } from '../hits/shortcuts';
import { clock, fileNameOf, oneLine, visible } from '../hits/text';
import type { Answer, Prose, Source } from './model';
import type { AnswerStrings } from './strings';

export interface AnswerViewProps {
  answer: Answer;
  /** A data: URL of a raster picture, '' where there is none. */
  picture(source: Source): string;
  /** A data: URL of a sound, '' where there is none. */
  sound(source: Source): string;
  strings: AnswerStrings;
}

export function AnswerView(props: AnswerViewProps): JSX.Element {
  const { answer, strings } = props;
  const root = useRef<HTMLElement>(null);
  const sides = useRef<HTMLElement>(null);
  useShortcutGuard(root);
  const [chosen, setChosen] = useState<number | null>(null);

  const goTo = (key: number): void => {
    setChosen(key);
    const source = sides.current?.querySelector<HTMLElement>(`[data-key="${key}"]`);
    source?.focus({ preventScroll: true });
    source?.scrollIntoView({ block: 'nearest' });
  };
  const draw = (nodes: readonly Prose[]): ComponentChildren[] =>
    nodes.map(node => {
      switch (node.kind) {
        case 'text':
          return visible(node.text);
        case 'cite':
          return (
            <Citation
              cite={node}
              source={node.struck ? undefined : answer.sources.find(({ key }) => key === node.key)}
              strings={strings}
              onGo={goTo}
            />
          );
        case 'element':
          return createElement(
            node.tag,
            node.tag === 'ol' && node.start !== undefined ? { start: node.start } : null,
            // These two hold nothing.
            ...(node.tag === 'br' || node.tag === 'hr' ? [] : draw(node.inside))
          );
      }
    });

  return (
    <section
      ref={root}
      class="mmrag-answer"
      aria-label={oneLine(answer.question, 200)}
      onKeyDown={event => isForNotebook(event) || event.stopPropagation()}
    >
      {answer.question !== '' && (
        <div class="mmrag-title" dir="auto">
          {visible(answer.question)}
        </div>
      )}
      {answer.notices.map((notice, index) => (
        <div key={index} class="mmrag-notice" dir="auto">
          {visible(notice)}
        </div>
      ))}
      <div class="mmrag-answer-columns">
        <div class="mmrag-prose" dir="auto">
          {draw(answer.prose)}
          <p class="mmrag-dim">{footing(answer, strings).join(', ')}</p>
        </div>
        {answer.sources.length > 0 && (
          <aside ref={sides} class="mmrag-sources" aria-label={strings.sources}>
            {answer.sources.map((source, index) => (
              <SourceCard
                key={index}
                source={source}
                chosen={source.key === chosen}
                // An answer that was not written is made of the quotes themselves.
                quotes={answer.model !== ''}
                props={props}
              />
            ))}
          </aside>
        )}
      </div>
    </section>
  );
}

function Citation(props: {
  cite: { key: number };
  source: Source | undefined;
  strings: AnswerStrings;
  onGo(key: number): void;
}): JSX.Element {
  const { cite, source, strings, onGo } = props;
  if (source === undefined) {
    return <s title={strings.noSource(cite.key)}>[{cite.key}]</s>;
  }
  const label = strings.source(cite.key, oneLine(source.title, 120));
  return (
    <button
      type="button"
      class="mmrag-cite"
      title={label}
      aria-label={label}
      onClick={() => onGo(cite.key)}
    >
      [{cite.key}]
    </button>
  );
}

function SourceCard(card: {
  source: Source;
  chosen: boolean;
  quotes: boolean;
  props: AnswerViewProps;
}): JSX.Element {
  const { source, chosen, quotes } = card;
  const { picture, sound, strings } = card.props;
  const place = placeOf(source, strings);
  const url = source.thumbnail === null ? '' : picture(source);
  const heard = harmlessSound(sound(source));
  return (
    <article
      class="mmrag-source"
      data-key={source.key}
      data-chosen={chosen}
      tabIndex={-1}
      aria-label={strings.source(source.key, oneLine(source.title, 120))}
    >
      <div>
        <b>[{source.key}]</b> <b dir="auto">{oneLine(source.title, 120)}</b>{' '}
        <span class="mmrag-dim">{place}</span>
      </div>
      {source.item !== source.title && source.item !== '' && (
        <div class="mmrag-dim" dir="auto">
          {oneLine(source.item, 120)}
        </div>
      )}
      {url !== '' && source.thumbnail !== null && (
        <img
          src={url}
          alt={visible(source.alt || source.title)}
          style={{ maxWidth: atMostTwice(source.thumbnail).maxWidth }}
        />
      )}
      {heard !== null && <Heard url={heard} source={source} strings={strings} />}
      {(source.problem !== '' || (source.thumbnail !== null && url === '')) && (
        <div>
          <b>{source.start === undefined ? strings.pictureGone : strings.soundGone}</b>{' '}
          <span dir="auto">{visible(source.problem)}</span>
        </div>
      )}
      {quotes && source.quote !== '' && <blockquote dir="auto">{visible(source.quote)}</blockquote>}
      {source.fields.map(([name, value], index) => (
        <div key={index} class="mmrag-field">
          <bdi class="mmrag-dim">{oneLine(name, 60)}</bdi> <bdi>{oneLine(value, 120)}</bdi>
        </div>
      ))}
    </article>
  );
}

function Heard(props: { url: string; source: Source; strings: AnswerStrings }): JSX.Element {
  const { url, source, strings } = props;
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const { current } = audio;
    return current === null ? undefined : heardWhileSeen(current, current);
  }, [url]);
  return (
    <div class="mmrag-hear">
      <audio
        ref={audio}
        controls
        preload="metadata"
        aria-label={strings.play(spanOf(source.start, source.end))}
        src={url}
        onPlay={event => playsAlone(event.currentTarget)}
      />
      {source.until !== undefined && (
        <p class="mmrag-dim">{strings.playsOnly(spanOf(source.start, source.until))}</p>
      )}
    </div>
  );
}

function spanOf(start = 0, end?: number): string {
  return end === undefined ? clock(start) : `${clock(start)}-${clock(end)}`;
}

function placeOf(source: Source, strings: AnswerStrings): string {
  const file = oneLine(fileNameOf(source.source), 60);
  const { page, start, end } = source;
  const spots = [
    source.item.includes(file) || source.title.includes(file) ? '' : file,
    page === undefined ? '' : strings.page(page),
    start === undefined ? '' : spanOf(start, end)
  ];
  return spots.filter(spot => spot !== '').join(', ');
}

/** How the answer came about, in a few phrases. */
function footing(answer: Answer, strings: AnswerStrings): string[] {
  const told: string[] = [];
  const model = oneLine(answer.model, 120);
  const took = answer.seconds.find(([step]) => step === 'writing')?.[1];
  if (model === '') {
    told.push(...(answer.sources.length > 0 ? [strings.quoted] : []));
  } else if (answer.cached) {
    told.push(strings.writtenBy(model), strings.cached);
  } else {
    told.push(
      took === undefined
        ? strings.writtenBy(model)
        : strings.writtenWithin(model, took.toFixed(1))
    );
  }
  return answer.others > 0 ? [...told, strings.others(answer.others)] : told;
}

/** Draw an answer into `host`, which is its own until it is drawn again or `clearAnswer`. */
export function drawAnswer(host: HTMLElement, props: AnswerViewProps): void {
  render(<AnswerView {...props} />, host);
}

export function clearAnswer(host: HTMLElement): void {
  render(null, host);
}

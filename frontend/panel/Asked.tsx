/** The field for words, and what else is asked as chips: each can be turned round or removed. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

import { oneLine } from '../hits/text';
import type { Sign } from '../protocol';
import type { Control } from './control';
import { termOf } from './query';
import type { Query } from './query';
import { useStrings } from './speech';

export function Asked(props: {
  control: Control;
  query: Query;
  onFiles(files: readonly File[]): void;
}): JSX.Element {
  const { control, query, onFiles } = props;
  const strings = useStrings();
  const field = useRef<HTMLInputElement>(null);
  const chooser = useRef<HTMLInputElement>(null);

  const keep = (): void => {
    const term = termOf(query.typed);
    if (term !== null) {
      control.ask({ ...query, typed: '', terms: [...query.terms, term] });
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      keep();
    } else if (event.key === 'Backspace' && query.typed === '' && query.terms.length > 0) {
      control.ask({ ...query, terms: query.terms.slice(0, -1) });
    } else if (event.key === 'Escape' && query.typed !== '') {
      event.preventDefault();
      control.ask({ ...query, typed: '' });
    }
  };
  return (
    <div class="mmrag-panel-asked">
      <div class="mmrag-panel-line">
        <input
          ref={field}
          class="mmrag-panel-field"
          type="search"
          dir="auto"
          autocomplete="off"
          spellcheck={false}
          aria-label={strings.search}
          placeholder={strings.placeholder}
          value={query.typed}
          onInput={event => control.ask({ ...query, typed: event.currentTarget.value }, true)}
          onKeyDown={onKeyDown}
        />
        <button
          type="button"
          class="mmrag-panel-button"
          title={strings.addTerm}
          aria-label={strings.addTerm}
          disabled={termOf(query.typed) === null}
          onClick={() => {
            keep();
            field.current?.focus();
          }}
        >
          +
        </button>
        <button
          type="button"
          class="mmrag-panel-button"
          title={strings.addHint}
          onClick={() => chooser.current?.click()}
        >
          {strings.addFile}
        </button>
        <input
          ref={chooser}
          type="file"
          accept="image/*,audio/*"
          multiple
          hidden
          aria-label={strings.addFile}
          onChange={event => {
            onFiles([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = '';
          }}
        />
        <button type="button" class="mmrag-panel-button" onClick={() => control.clear()}>
          {strings.clear}
        </button>
      </div>
      <Chips control={control} query={query} />
    </div>
  );
}

function Chips(props: { control: Control; query: Query }): JSX.Element | null {
  const { control, query } = props;
  const strings = useStrings();
  const ask = (changed: Partial<Query>): void => control.ask({ ...query, ...changed });
  const count = (mark: 'up' | 'down'): number =>
    [...query.marks.values()].filter(own => own === mark).length;
  const without = (mark: 'up' | 'down'): void =>
    ask({ marks: new Map([...query.marks].filter(([, own]) => own !== mark)) });
  const chips = [
    ...query.terms.map((term, at) => (
      <Chip
        key={`term ${at}`}
        what={oneLine(term.text, 60)}
        sign={term.sign}
        onTurn={() => ask({ terms: query.terms.map((one, i) => (i === at ? turned(one) : one)) })}
        onRemove={() => ask({ terms: query.terms.filter((_, i) => i !== at) })}
      />
    )),
    ...query.pictures.map((picture, at) => (
      <Chip
        key={`picture ${picture.url}`}
        what={picture.name}
        sign={picture.sign}
        picture={picture.url}
        onTurn={() =>
          ask({ pictures: query.pictures.map((one, i) => (i === at ? turned(one) : one)) })
        }
        onRemove={() => {
          URL.revokeObjectURL(picture.url);
          ask({ pictures: query.pictures.filter((_, i) => i !== at) });
        }}
      />
    )),
    ...query.sounds.map((sound, at) => (
      <Chip
        key={`sound ${at}`}
        what={sound.name}
        onRemove={() => ask({ sounds: query.sounds.filter((_, i) => i !== at) })}
      />
    )),
    ...query.like.map(item => (
      <Chip
        key={`like ${item.key}`}
        what={strings.like(oneLine(item.id, 60))}
        onRemove={() => ask({ like: query.like.filter(one => one !== item) })}
      />
    )),
    ...(['up', 'down'] as const)
      .filter(mark => count(mark) > 0)
      .map(mark => (
        <Chip
          key={mark}
          what={mark === 'up' ? strings.liked(count(mark)) : strings.disliked(count(mark))}
          onRemove={() => without(mark)}
        />
      ))
  ];
  return chips.length === 0 ? null : <div class="mmrag-panel-chips">{chips}</div>;
}

function Chip(props: {
  what: string;
  sign?: Sign;
  picture?: string;
  onTurn?(): void;
  onRemove(): void;
}): JSX.Element {
  const { what, sign, picture, onTurn, onRemove } = props;
  const strings = useStrings();
  const avoid = sign === -1;
  return (
    <span class={avoid ? 'mmrag-panel-chip mmrag-panel-avoid' : 'mmrag-panel-chip'}>
      {onTurn !== undefined && (
        <button
          type="button"
          class="mmrag-panel-sign"
          aria-label={strings.turn(what, avoid)}
          title={strings.turn(what, avoid)}
          onClick={onTurn}
        >
          {avoid ? '−' : '+'}
        </button>
      )}
      {picture !== undefined && <img src={picture} alt="" draggable={false} />}
      <bdi>{what}</bdi>
      <button
        type="button"
        class="mmrag-panel-remove"
        aria-label={strings.remove(what)}
        title={strings.remove(what)}
        onClick={onRemove}
      >
        ×
      </button>
    </span>
  );
}

function turned<T extends { sign: Sign }>(one: T): T {
  return { ...one, sign: one.sign === 1 ? -1 : 1 };
}

/** What there is to hear of a hit: a button on its waveform, or a whole player. */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Hit, Sound } from './model';
import { harmlessSound, heardWhileSeen, playsAlone } from './hearing';
import { Unanswered } from './props';
import type { HitsViewProps } from './props';
import { clock, oneLine, visible } from './text';

type State =
  | { kind: 'idle' }
  | { kind: 'none' }
  | { kind: 'pending' }
  | { kind: 'ready'; url: string }
  | { kind: 'gone'; reason: string };

/** A small button that plays the hit from the second that matched; `tab`: the keyboard reaches it. */
export function PlayButton(props: {
  hit: Hit;
  view: HitsViewProps;
  tab: boolean;
}): JSX.Element | null {
  const { hit, view, tab } = props;
  const { sound = null } = hit;
  return sound === null ? null : <Small hit={hit} sound={sound} view={view} tab={tab} />;
}

function Small(props: {
  hit: Hit;
  sound: Sound;
  view: HitsViewProps;
  tab: boolean;
}): JSX.Element {
  const { hit, sound, view, tab } = props;
  const { strings } = view;
  const audio = useRef<HTMLAudioElement>(null);
  const root = useRef<HTMLSpanElement>(null);
  const asking = useRef<AbortController | null>(null);
  const [state, setState] = useState<State>(firstState(sound));
  const [playing, setPlaying] = useState(false);
  const [passed, setPassed] = useState(0);

  useLayoutEffect(() => {
    setState(firstState(sound));
    setPlaying(false);
    const { current } = audio;
    const end =
      current === null || root.current === null ? null : heardWhileSeen(current, root.current);
    return () => {
      asking.current?.abort();
      end?.();
      if (current?.hasAttribute('src') === true) {
        // What a page once played it keeps in memory until it is told otherwise.
        current.removeAttribute('src');
        current.load();
      }
    };
  }, [hit]);

  const toggle = async (): Promise<void> => {
    const { current } = audio;
    if (current === null || state.kind === 'pending') {
      return;
    }
    if (!current.paused) {
      current.pause();
      return;
    }
    if (!current.hasAttribute('src')) {
      const asked = (asking.current = new AbortController());
      setState({ kind: 'pending' });
      const found = await soundOf(hit, view, asked.signal);
      if (asked.signal.aborted) {
        return;
      }
      setState(found);
      if (found.kind !== 'ready') {
        return;
      }
      current.src = found.url;
    }
    playsAlone(current);
    try {
      await current.play();
    } catch (error) {
      // Stopped before it began is no failure.
      if (!(error instanceof DOMException && error.name === 'AbortError')) {
        setState({ kind: 'gone', reason: '' });
      }
    }
  };

  const span = spanOf(sound);
  const label = playing ? strings.pause(span) : strings.play(span);
  const length = Math.max((sound.until ?? sound.end) - sound.start, 0.001);
  return (
    <span ref={root} class="mmrag-player" data-state={state.kind}>
      <button
        type="button"
        class="mmrag-play"
        aria-label={label}
        title={label}
        aria-busy={state.kind === 'pending'}
        tabIndex={tab ? 0 : -1}
        onClick={event => {
          event.stopPropagation();
          void toggle();
        }}
        onDblClick={event => event.stopPropagation()}
      >
        <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true">
          <path d={playing ? 'M6 4h4v16H6zM14 4h4v16h-4z' : 'M7 3.500v17l14-8.500z'} />
        </svg>
        <span class="mmrag-clock">{clock(sound.start + (playing ? passed : 0))}</span>
      </button>
      {playing && (
        <span
          class="mmrag-passed"
          aria-hidden="true"
          style={{ width: `${Math.min(100 * (passed / length), 100)}%` }}
        />
      )}
      <audio
        ref={audio}
        preload="none"
        onPlay={event => {
          playsAlone(event.currentTarget);
          setPlaying(true);
        }}
        onPause={() => setPlaying(false)}
        onEnded={event => {
          event.currentTarget.currentTime = 0;
          setPlaying(false);
        }}
        onTimeUpdate={event => setPassed(event.currentTarget.currentTime)}
      />
      <Unheard state={state} view={view} />
    </span>
  );
}

/** Whether the picture of a hit is the waveform of what is heard: it is wide, and low. */
export function isWave({ sound = null, thumbnail }: Hit): boolean {
  return sound !== null && (thumbnail === null || thumbnail.width > 3 * thumbnail.height);
}

/** A player with all its controls, for the one hit that is looked at. */
export function WholePlayer(props: { hit: Hit; view: HitsViewProps }): JSX.Element | null {
  const { hit, view } = props;
  const { sound = null } = hit;
  const { strings } = view;
  const root = useRef<HTMLDivElement>(null);
  const audio = useRef<HTMLAudioElement>(null);
  const [state, setState] = useState<State>({ kind: 'pending' });
  useEffect(() => {
    const lifetime = new AbortController();
    setState({ kind: 'pending' });
    void soundOf(hit, view, lifetime.signal).then(found => {
      if (!lifetime.signal.aborted) {
        setState(found);
      }
    });
    const { current } = audio;
    const end =
      current === null || root.current === null ? null : heardWhileSeen(current, root.current);
    return () => {
      lifetime.abort();
      end?.();
    };
  }, [hit.id, view.sound]);
  if (sound === null) {
    return null;
  }
  const span = spanOf(sound);
  return (
    <div ref={root} class="mmrag-hear">
      <audio
        ref={audio}
        controls
        preload="metadata"
        aria-label={strings.play(span)}
        src={state.kind === 'ready' ? state.url : undefined}
        hidden={state.kind === 'gone' || state.kind === 'none'}
        onPlay={event => playsAlone(event.currentTarget)}
        onError={event => {
          if (event.currentTarget.hasAttribute('src')) {
            setState({ kind: 'gone', reason: '' });
          }
        }}
      />
      <Unheard state={state} view={view} />
      {state.kind === 'ready' && state.url.startsWith('data:') && sound.until !== undefined && (
        <p class="mmrag-dim">
          {strings.playsOnly(`${clock(sound.start)}-${clock(sound.until)}`)}
        </p>
      )}
    </div>
  );
}

/** Why there is nothing to hear, where that is so. */
function Unheard(props: { state: State; view: HitsViewProps }): JSX.Element | null {
  const { state, view } = props;
  if (state.kind !== 'gone' && state.kind !== 'none') {
    return null;
  }
  const { soundGone, soundNotKept } = view.strings;
  return (
    <span class="mmrag-unheard" role="status" dir="auto">
      {state.kind === 'none' ? soundNotKept : visible(state.reason) || soundGone}
    </span>
  );
}

function firstState(sound: Sound): State {
  return sound.problem === ''
    ? { kind: 'idle' }
    : { kind: 'gone', reason: sound.problem };
}

async function soundOf(hit: Hit, view: HitsViewProps, signal: AbortSignal): Promise<State> {
  try {
    const url = harmlessSound((await view.sound?.(hit, signal)) ?? null);
    if (url !== null) {
      return { kind: 'ready', url };
    }
    const problem = hit.sound?.problem ?? '';
    return problem === '' ? { kind: 'none' } : { kind: 'gone', reason: problem };
  } catch (error) {
    if (error instanceof Unanswered) {
      return { kind: 'gone', reason: view.strings.unanswered };
    }
    const reason = error instanceof Error ? error.message : '';
    return { kind: 'gone', reason: hit.sound?.problem || oneLine(reason, 200) };
  }
}

function spanOf(sound: Sound): string {
  return `${clock(sound.start)}-${clock(sound.end)}`;
}

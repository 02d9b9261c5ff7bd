/** Asks the kernel over any channel, and gives every answer to who asked. */

import { PROTOCOL, READERS, VERSION, readIncoming } from './protocol';
import type { Answers, Failure, Incoming, Load, Questions, Verb } from './protocol';

/** What carries messages: an anywidget model, or a comm. */
export interface Channel {
  send(message: Record<string, unknown>, buffers: ArrayBuffer[]): void;
  /** Call `handler` for every message until the returned function is called. */
  onMessage(handler: (message: unknown, buffers: readonly DataView[]) => void): () => void;
}

export type Outcome<V extends Verb> =
  | { kind: 'ok'; result: Answers[V]; buffers: DataView[] }
  | { kind: 'error'; error: Failure }
  | { kind: 'aborted' };

/**
 * How it stands with the kernel: `waiting` when an answer is overdue (the kernel may be busy),
 * `lost` when nothing can be sent.
 */
export type Connection = 'open' | 'waiting' | 'lost';

export interface AskOptions {
  buffers?: ArrayBuffer[];
  signal?: AbortSignal;
  /** Milliseconds until the answer counts as not coming. */
  timeout?: number;
}

export interface Listener {
  connection?(state: Connection): void;
  loads?(loads: Load[]): void;
  /** Collections were made, changed or dropped. */
  collections?(): void;
  /** Python has selected items, by their keys. */
  selected?(keys: string[]): void;
}

interface Open {
  verb: Verb;
  settle(outcome: Outcome<Verb>): void;
}

/** From here on an answer is overdue. */
const OVERDUE = 1500;
const TIMEOUT = 120_000;

export class Client {
  constructor(channel: Channel, listener: Listener = {}) {
    this._channel = channel;
    this._listener = listener;
    this._off = channel.onMessage((message, buffers) =>
      this._take(readIncoming(message, buffers))
    );
  }

  get connection(): Connection {
    return this._connection;
  }

  /** Ask for one thing; the promise is always kept, also for an answer that never comes. */
  ask<V extends Verb>(
    verb: V,
    question: Questions[V],
    options: AskOptions = {}
  ): Promise<Outcome<V>> {
    const { buffers = [], signal, timeout = TIMEOUT } = options;
    if (signal?.aborted || this._disposed) {
      return Promise.resolve({ kind: 'aborted' });
    }
    const uuid = newId();
    return new Promise(resolve => {
      const overdue = setTimeout(() => this._set('waiting'), OVERDUE);
      const late = setTimeout(() => settle(failed('late')), timeout);
      const abort = (): void => settle({ kind: 'aborted' });
      const settle = (outcome: Outcome<Verb>): void => {
        clearTimeout(overdue);
        clearTimeout(late);
        signal?.removeEventListener('abort', abort);
        this._open.delete(uuid);
        // The reader of this verb made it.
        resolve(outcome as Outcome<V>);
      };
      signal?.addEventListener('abort', abort);
      this._open.set(uuid, { verb, settle });
      try {
        this._channel.send({ ...question, type: verb, uuid }, buffers);
      } catch {
        this._set('lost');
        settle(failed('lost'));
      }
    });
  }

  /** Say hello; an error of kind `version` where the two sides cannot understand each other. */
  async hello(options: AskOptions = {}): Promise<Outcome<'hello'>> {
    const outcome = await this.ask('hello', { version: VERSION, protocol: PROTOCOL }, options);
    if (outcome.kind === 'ok' && outcome.result.protocol !== PROTOCOL) {
      return { kind: 'error', error: { kind: 'version', message: outcome.result.version } };
    }
    return outcome;
  }

  /** Say that the channel is gone, or there again. */
  mark(connection: 'open' | 'lost'): void {
    this._set(connection);
    if (connection === 'lost') {
      for (const open of [...this._open.values()]) {
        open.settle(failed('lost'));
      }
    }
  }

  dispose(): void {
    this._disposed = true;
    this._off();
    for (const open of [...this._open.values()]) {
      open.settle({ kind: 'aborted' });
    }
  }

  private _take(incoming: Incoming): void {
    if (incoming.kind === 'unknown') {
      return;
    }
    this._set('open');
    if (incoming.kind === 'loads') {
      this._listener.loads?.(incoming.loads);
    } else if (incoming.kind === 'collections') {
      this._listener.collections?.();
    } else if (incoming.kind === 'selected') {
      this._listener.selected?.(incoming.keys);
    } else {
      const open = this._open.get(incoming.uuid);
      // Nobody waits for what was aborted, or what another client asked over this channel.
      open?.settle(incoming.kind === 'error' ? incoming : read(open.verb, incoming));
    }
  }

  private _set(connection: Connection): void {
    if (this._connection !== connection && !this._disposed) {
      this._connection = connection;
      this._listener.connection?.(connection);
    }
  }

  private readonly _channel: Channel;
  private readonly _listener: Listener;
  private readonly _off: () => void;
  private readonly _open = new Map<string, Open>();
  private _connection: Connection = 'open';
  private _disposed = false;
}

function read(verb: Verb, incoming: Incoming & { kind: 'answer' }): Outcome<Verb> {
  const result = READERS[verb](incoming.result);
  return result === null
    ? failed('unreadable')
    : { kind: 'ok', result, buffers: incoming.buffers };
}

function failed(kind: 'late' | 'lost' | 'unreadable'): { kind: 'error'; error: Failure } {
  return { kind: 'error', error: { kind, message: '' } };
}

// crypto.randomUUID is missing where the page is not a secure context (plain http).
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

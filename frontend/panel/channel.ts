/** The panel's side of an anywidget model: what it holds, and its custom messages. */

import type { Channel } from '../client';

/** What is used here of a model as anywidget documents it. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, handler: (...given: never[]) => void): void;
  off(event: string, handler: (...given: never[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
}

export function channelOf(model: Model): Channel {
  return {
    send: (message, buffers) => model.send(message, undefined, buffers),
    onMessage: handler => {
      const take = (content: unknown, buffers?: readonly DataView[]): void =>
        handler(content, buffers ?? []);
      model.on('msg:custom', take as (...given: never[]) => void);
      return () => model.off('msg:custom', take as (...given: never[]) => void);
    }
  };
}

/** What anywidget gives to render into. */
export interface Given {
  model: Model;
  el: HTMLElement;
}

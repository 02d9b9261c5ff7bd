/** What the user set in Lab's settings editor, for all that this extension draws. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal } from '@lumino/signaling';

import { VIEWS } from '../hits/model';
import type { View } from '../hits/model';

export interface Preferences {
  view: View | 'auto';
  /** Pixels of the longer side. */
  thumbnail: number;
  /** What one result may add to a notebook. */
  outputBytes: number;
}

const FIRST: Preferences = { view: 'auto', thumbnail: 256, outputBytes: 65536 };

class Held {
  get now(): Preferences {
    return this._now;
  }

  readonly changed = new Signal<this, Preferences>(this);

  /** Follow Lab's settings from now on. */
  follow(settings: ISettingRegistry.ISettings): void {
    const read = (): void => {
      this._now = readPreferences(settings.composite as Record<string, unknown>);
      this.changed.emit(this._now);
    };
    settings.changed.connect(read);
    read();
  }

  private _now = FIRST;
}

/** One for the page: the renderers of outputs are no plugins, and could not be handed it. */
export const preferences = new Held();

function readPreferences(data: Record<string, unknown>): Preferences {
  const { view, thumbnail, outputBytes } = data;
  return {
    view: VIEWS.find(each => each === view) ?? FIRST.view,
    thumbnail: typeof thumbnail === 'number' ? thumbnail : FIRST.thumbnail,
    outputBytes: typeof outputBytes === 'number' ? outputBytes : FIRST.outputBytes
  };
}

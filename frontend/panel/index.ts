/** The panel as an anywidget, fetched by the loader: `export default {render}`. */

import { h, render } from 'preact';

import { ENGLISH, onTranslator } from '../translation';
import type { Given } from './channel';
import { Control } from './control';
import { Panel } from './Panel';
import { Spoken, speechOf } from './speech';
import { followTheme } from './theme';

export default {
  render({ model, el }: Given): () => void {
    const host = document.createElement('div');
    host.className = 'mmrag-panel';
    el.append(host);
    const lifetime = new AbortController();
    followTheme(host, lifetime.signal);
    let speech = speechOf(ENGLISH);
    const draw = (): void => {
      const panel = h(Panel, { control, state: control.state, model });
      render(h(Spoken.Provider, { value: speech }, panel), host);
    };
    const control = new Control(model, host.clientWidth || Infinity, draw);
    onTranslator(trans => {
      speech = speechOf(trans);
      draw();
    }, lifetime.signal);
    draw();
    return () => {
      lifetime.abort();
      control.dispose();
      render(null, host);
      host.remove();
    };
  }
};

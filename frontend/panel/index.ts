/** The panel as an anywidget, fetched by the loader: `export default {render}`. */

import { h, render } from 'preact';

import type { Given } from './channel';
import { Control } from './control';
import { Panel } from './Panel';
import { followTheme } from './theme';

export default {
  render({ model, el }: Given): () => void {
    const host = document.createElement('div');
    host.className = 'mmrag-panel';
    el.append(host);
    const lifetime = new AbortController();
    followTheme(host, lifetime.signal);
    const draw = (): void => {
      render(h(Panel, { control, state: control.state, model }), host);
    };
    const control = new Control(model, host.clientWidth || Infinity, draw);
    draw();
    return () => {
      lifetime.abort();
      control.dispose();
      render(null, host);
      host.remove();
    };
  }
};

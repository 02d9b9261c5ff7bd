/** What stands in for a result that cannot be read: why, and the forms that came beside it. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import type { Unreadable } from '../hits/json';

const FORMS = ['text/html', 'text/plain'];

export class PlainForm extends Panel implements IRenderMime.IRenderer {
  constructor(
    why: Unreadable,
    strings: { otherVersion(version: string): string; noPayload: string },
    private readonly _rendermime: IRenderMimeRegistry
  ) {
    super();
    const said = document.createElement('p');
    said.className = 'mmrag-unreadable';
    said.textContent =
      why.kind === 'version' ? strings.otherVersion(why.version) : strings.noPayload;
    this.addWidget(new Widget({ node: said }));
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const form = FORMS.find(type => typeof model.data[type] === 'string');
    if (form !== undefined) {
      // JupyterLab's own renderer, which knows what may be shown of an untrusted notebook.
      const renderer = this._rendermime.createRenderer(form);
      this.addWidget(renderer);
      await renderer.renderModel(model);
    }
  }
}

/** Lab's settings, and the links to kernels that they are told to. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { Client } from '../client';
import type { KernelLink } from './link';
import { ILinks, Links } from './links';
import { preferences } from './preferences';

export const PLUGIN = 'mmrag-jupyter:plugin';

export const settingsPlugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'Settings of multimodal search.',
  autoStart: true,
  optional: [ISettingRegistry, ILinks],
  activate: async (
    _: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    links: ILinks | null
  ) => {
    links?.opened.connect((_sender, link) => {
      if (link.state.kind === 'open') {
        void tell(link, link.state.client);
      }
    });
    preferences.changed.connect(() => {
      links?.forEachOpen((link, client) => void tell(link, client));
    });
    if (registry !== null) {
      preferences.follow(await registry.load(PLUGIN));
    }
  }
};

export const linksPlugin: JupyterFrontEndPlugin<ILinks> = {
  id: 'mmrag-jupyter:links',
  description: 'Connects the kernels of open notebooks with multimodal search.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: ILinks,
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => new Links(tracker)
};

/** Tell a kernel what the user set here; it keeps what is set in the notebook itself. */
async function tell(link: KernelLink, client: Client): Promise<void> {
  const { view, thumbnail, outputBytes } = preferences.now;
  const settings = { view, thumbnail, output_bytes: outputBytes };
  const outcome = await client.ask('settings', { settings });
  if (outcome.kind === 'ok') {
    link.keeps(outcome.result.kept);
  }
}

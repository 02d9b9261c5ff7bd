/**
 * What VS Code's Jupyter extension does with widgets: its own widget manager draws them, and
 * their scripts come from the `nbextensions` folder of the kernel.
 *
 * The extension passes messages on to the kernel by itself; here a connection to a Jupyter server
 * stands in for that.
 */

import { KernelManager, ServerConnection } from '@jupyterlab/services';
import type { Kernel, KernelMessage } from '@jupyterlab/services';

interface Manager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown, options: { el: HTMLElement }): Promise<unknown>;
  display_view(data: unknown, view: unknown, options: { node: HTMLElement }): Promise<unknown>;
}

interface Scripts {
  widgetsRegisteredInRequireJs: Set<string>;
  loadWidgetScript(name: string): Promise<void>;
  errorHandler(...told: unknown[]): void;
  successHandler(): void;
}

interface Page {
  vscIPyWidgets8: { load(): void };
  vscIPyWidgets: {
    WidgetManager: new (
      kernel: Kernel.IKernelConnection,
      element: HTMLElement,
      scripts: Scripts,
      log: () => void
    ) => Manager;
  };
  requirejs: { config(options: { paths: Record<string, string> }): void };
  starts(url: string, token: string, scripts: Record<string, string>): Promise<void>;
  runs(code: string): Promise<string>;
}

const page = window as unknown as Window & Page;
const VIEW = 'application/vnd.jupyter.widget-view+json';
let kernel: Kernel.IKernelConnection;
let manager: Manager;

/** Start a kernel; `scripts` are the paths of widgets' scripts, by their module. */
page.starts = async (baseUrl, token, scripts) => {
  const wsUrl = baseUrl.replace('http', 'ws');
  const serverSettings = ServerConnection.makeSettings({ baseUrl, wsUrl, token, appendToken: true });
  kernel = await new KernelManager({ serverSettings }).startNew({ name: 'python3' });
  await kernel.info;
  page.vscIPyWidgets8.load();
  const known = new Set<string>();
  manager = new page.vscIPyWidgets.WidgetManager(
    kernel,
    document.createElement('div'),
    {
      widgetsRegisteredInRequireJs: known,
      loadWidgetScript: async name => {
        page.requirejs.config({ paths: { [name]: scripts[name] ?? '' } });
        known.add(name);
      },
      errorHandler: (...told) => console.error(...told),
      successHandler: () => undefined
    },
    () => undefined
  );
};

/** Run a cell, show its widgets, and return its text. */
page.runs = async code => {
  const told: string[] = [];
  const shown: Promise<void>[] = [];
  const cell = kernel.requestExecute({ code });
  cell.onIOPub = ({ content }) => {
    const { text, data, traceback } = content as Partial<
      KernelMessage.IStreamMsg['content'] &
        KernelMessage.IDisplayDataMsg['content'] &
        KernelMessage.IErrorMsg['content']
    >;
    told.push(text ?? traceback?.join('\n') ?? '');
    if (data?.[VIEW] !== undefined) {
      shown.push(shows(data[VIEW] as unknown as { model_id: string }));
    }
  };
  await cell.done;
  await Promise.all(shown);
  return told.join('');
};

async function shows(data: { model_id: string }): Promise<void> {
  const node = document.createElement('div');
  node.className = 'cell-output-ipywidget-background';
  document.getElementById('output')?.append(node);
  const view = await manager.create_view(await manager.get_model(data.model_id), { el: node });
  await manager.display_view(data, view, { node });
}

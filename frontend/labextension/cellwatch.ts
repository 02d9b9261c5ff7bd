/** Heeds what the cells of one notebook do: whether one is running, and which name us. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelMessage } from '@jupyterlab/services';

import { EXTENSION } from './magicline';

export interface Heeding {
  /** A cell began, or the last one ended. */
  busy(): void;
  /** A cell that names us may have loaded the extension by now. */
  named(): void;
}

export class CellWatch {
  constructor(
    session: ISessionContext,
    private readonly _heeding: Heeding
  ) {
    session.iopubMessage.connect(this._listen, this);
  }

  get busy(): boolean {
    return this._running.size > 0;
  }

  /** Whether a cell has found that the package is not installed in its kernel. */
  get missing(): boolean {
    return this._missing;
  }

  /** Forget everything: the kernel is another. */
  clear(): void {
    this._running.clear();
    this._ours.clear();
    this._missing = false;
  }

  private _listen(_: ISessionContext, message: KernelMessage.IMessage): void {
    const parent = message.parent_header;
    if (!('msg_id' in parent) || parent.msg_type !== 'execute_request') {
      return;
    }
    const content = message.content as Record<string, unknown>;
    const type = message.header.msg_type;
    if (type === 'execute_input' && /mmrag/.test(String(content.code))) {
      this._ours.set(parent.msg_id, 'silent');
      this._missing = false;
    } else if (type === 'error' && content.ename === 'ModuleNotFoundError') {
      this._missing = String(content.evalue).includes(EXTENSION);
    } else if (type === 'display_data' && this._ours.get(parent.msg_id) === 'silent') {
      // A load that shows how far it is, in the cell that has loaded the extension.
      this._ours.set(parent.msg_id, 'showing');
      this._tell();
    } else if (type === 'status') {
      this._heedStatus(parent.msg_id, content.execution_state === 'idle');
    }
  }

  private _heedStatus(id: string, ended: boolean): void {
    const before = this.busy;
    if (!ended) {
      this._running.add(id);
    } else {
      this._running.delete(id);
      if (this._ours.delete(id)) {
        this._tell();
      }
    }
    if (before !== this.busy) {
      this._heeding.busy();
    }
  }

  private _tell(): void {
    // Not while the kernel's messages are handled: opening a comm waits for further ones.
    setTimeout(() => this._heeding.named(), 0);
  }

  private readonly _running = new Set<string>();
  private readonly _ours = new Map<string, 'silent' | 'showing'>();
  private _missing = false;
}

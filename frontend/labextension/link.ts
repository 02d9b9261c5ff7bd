/** How Lab is connected with the kernel of one notebook: one state, and who changes it. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { Client } from '../client';
import type { Load } from '../protocol';
import { CellWatch } from './cellwatch';
import { openComm } from './commchannel';
import type { OpenedComm } from './commchannel';
import { infoOf } from './subshell';

export type LinkState =
  | { kind: 'noKernel' }
  | { kind: 'starting' }
  | { kind: 'restarting' }
  | { kind: 'dead' }
  /** The page and the kernel do not hear each other; `client` is there if they did before. */
  | { kind: 'disconnected'; client: Client | null }
  | { kind: 'otherLanguage'; language: string }
  | { kind: 'asking' }
  /** `missing` when the package is not installed where the kernel runs. */
  | { kind: 'notLoaded'; missing: boolean }
  /** The two sides cannot understand each other. */
  | { kind: 'otherProtocol'; version: string }
  | { kind: 'open'; client: Client; version: string; whileRunning: boolean };

/** A greeting waits for as long as the cell that a kernel without subshells is running. */
const A_DAY = 86_400_000;

export class KernelLink implements IDisposable {
  /** @param session What starts and ends the kernel. */
  constructor(readonly session: ISessionContext) {
    this._cells = new CellWatch(session, {
      busy: () => this._changed.emit(),
      named: () => !this._disposed && this.ask()
    });
    session.kernelChanged.connect(this._follow, this);
    session.statusChanged.connect(this._follow, this);
    session.connectionStatusChanged.connect(this._follow, this);
    session.disposed.connect(this.dispose, this);
    this._follow();
  }

  get state(): LinkState {
    return this._state;
  }

  /** Whether a cell is running. */
  get busy(): boolean {
    return this._cells.busy;
  }

  get loads(): readonly Load[] {
    return this._loads;
  }

  /** Settings in which the notebook differs from Lab, by its own wish. */
  get kept(): readonly string[] {
    return this._kept;
  }

  keeps(settings: readonly string[]): void {
    this._kept = settings;
    this._changed.emit();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Collections were made, changed or dropped. */
  get collectionsChanged(): ISignal<this, void> {
    return this._collectionsChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** While it is watched, the kernel is asked whether the extension is loaded. */
  watch(on: boolean): void {
    this._watched = on;
    if (on) {
      this.ask();
    }
  }

  /** Ask now, also where it was not loaded a moment ago. */
  ask(): void {
    this._wanted = true;
    if (this._state.kind === 'notLoaded') {
      void this._connect();
    } else {
      this._follow();
    }
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._hangUp();
      Signal.clearData(this);
    }
  }

  private _follow(): void {
    const found = this._outside();
    if (this._pauses(found)) {
      return;
    }
    const another = this._kernelId !== (this.session.session?.kernel?.id ?? null);
    if (found !== null || (another && this._kernelId !== null)) {
      this._hangUp();
      this._cells.clear();
      // A kernel that is not ours to look at logs an error for each comm that it does not know.
      this._wanted = this._watched;
      this._set(found ?? { kind: 'starting' });
    }
    if (found === null && this._wanted && (another || !CONNECTED.has(this._state.kind))) {
      void this._connect();
    }
  }

  /** Keep the comm over a connection that is lost and comes back. */
  private _pauses(found: LinkState | null): boolean {
    if (found?.kind === 'disconnected' && found.client !== null) {
      found.client.mark('lost');
      this._set(found);
      return true;
    }
    if (found === null && this._state.kind === 'disconnected' && this._comm?.alive) {
      this._state.client?.mark('open');
      this._set(this._open ?? this._state);
      return true;
    }
    return false;
  }

  /** The state that follows from the kernel alone, or null where the kernel must be asked. */
  private _outside(): LinkState | null {
    const kernel = this.session.session?.kernel ?? null;
    if (kernel === null) {
      if (this._state.kind === 'dead') {
        return this._state; // Lab has dropped it, and is without a kernel until there is another
      }
      const status = this.session.kernelDisplayStatus;
      return { kind: status === 'initializing' || status === 'starting' ? 'starting' : 'noKernel' };
    }
    switch (kernel.status) {
      case 'dead':
        return { kind: 'dead' };
      case 'terminating':
        return { kind: 'noKernel' };
      case 'restarting':
      case 'autorestarting':
        return { kind: 'restarting' };
      case 'starting':
        return { kind: 'starting' };
    }
    if (kernel.connectionStatus === 'connected') {
      return null;
    }
    const known = kernel.id === this._kernelId && this._open !== null;
    return known || kernel.connectionStatus === 'disconnected'
      ? { kind: 'disconnected', client: known ? this._client : null }
      : { kind: 'starting' };
  }

  private async _connect(): Promise<void> {
    const kernel = this.session.session?.kernel;
    if (!kernel) {
      return;
    }
    this._hangUp();
    const turn = this._turn;
    const stale = (): boolean => turn !== this._turn || this._disposed;
    this._kernelId = kernel.id;
    this._set({ kind: 'asking' });
    try {
      const info = await infoOf(kernel);
      if (stale()) {
        return;
      }
      if (info.language_info.name.toLowerCase() !== 'python') {
        this._set({ kind: 'otherLanguage', language: info.language_info.name });
        return;
      }
      const comm = await openComm(kernel, info, () => {
        if (!stale()) {
          this._hangUp();
          this._kernelId = kernel.id;
          this._set({ kind: 'notLoaded', missing: this._cells.missing });
        }
      });
      if (stale()) {
        comm.close();
        return;
      }
      this._comm = comm;
      await this._greet(comm, stale);
    } catch {
      // The kernel went away meanwhile; its status tells how it goes on.
      if (!stale()) {
        this._hangUp();
        this._set(this._outside() ?? { kind: 'disconnected', client: null });
      }
    }
  }

  private async _greet(comm: OpenedComm, stale: () => boolean): Promise<void> {
    const client = new Client(comm.channel, {
      loads: loads => {
        this._loads = loads;
        this._changed.emit();
      },
      collections: () => this._collectionsChanged.emit(),
      connection: () => this._changed.emit()
    });
    this._client = client;
    const hello = await client.hello({ timeout: A_DAY });
    if (stale() || hello.kind === 'aborted') {
      return;
    }
    if (hello.kind === 'ok') {
      const { version } = hello.result;
      this._open = { kind: 'open', client, version, whileRunning: comm.whileRunning };
      this._set(this._open);
    } else if (hello.error.kind === 'version') {
      this._set({ kind: 'otherProtocol', version: hello.error.message });
    } else {
      this._set({ kind: 'otherProtocol', version: '' });
    }
  }

  private _hangUp(): void {
    this._turn += 1;
    this._kernelId = null;
    this._open = null;
    this._client?.dispose();
    this._client = null;
    this._comm?.close();
    this._comm = null;
    this._loads = [];
    this._kept = [];
  }

  private _set(state: LinkState): void {
    if (state.kind !== this._state.kind || state.kind === 'open' || state.kind === 'notLoaded') {
      this._state = state;
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _collectionsChanged = new Signal<this, void>(this);
  private readonly _cells: CellWatch;
  private _state: LinkState = { kind: 'starting' };
  private _loads: readonly Load[] = [];
  private _kept: readonly string[] = [];
  private _open: (LinkState & { kind: 'open' }) | null = null;
  private _client: Client | null = null;
  private _comm: OpenedComm | null = null;
  private _kernelId: string | null = null;
  private _turn = 0;
  private _wanted = false;
  private _watched = false;
  private _disposed = false;
}

/** States that the kernel itself answered with, or is about to. */
const CONNECTED: ReadonlySet<LinkState['kind']> = new Set([
  'otherLanguage',
  'asking',
  'notLoaded',
  'otherProtocol',
  'open'
]);

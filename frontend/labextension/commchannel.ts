/** A comm as the channel that a `Client` speaks over. */

import type { Kernel } from '@jupyterlab/services';
import type { JSONValue } from '@lumino/coreutils';

import type { Channel } from '../client';
import { TARGET } from '../protocol';

/** What services 7 adds to a comm where it may run on a subshell of its own. */
interface OnSubshell {
  readonly subshellId?: string | null;
  readonly subshellStarted?: Promise<void>;
}

export interface OpenedComm {
  channel: Channel;
  /** Whether the kernel answers while a cell is running. */
  whileRunning: boolean;
  /** Whether both ends are there still. */
  readonly alive: boolean;
  close(): void;
}

/** Milliseconds to wait for the subshell; the kernel's main shell serves without one. */
const PATIENCE = 5000;

/**
 * Open a comm to our target.
 *
 * A kernel that does not know the target closes the comm; `onClose` is called then, and when
 * the extension is unloaded.
 */
export async function openComm(
  kernel: Kernel.IKernelConnection,
  onClose: () => void
): Promise<OpenedComm> {
  const comm: Kernel.IComm & OnSubshell = kernel.createComm(TARGET);
  // Sent before its subshell is there, a message would wait for the running cell.
  if (kernel.supportsSubshells && comm.commsOverSubshells !== 'disabled') {
    await soon(comm.subshellStarted);
  }
  const handlers = new Set<(message: unknown, buffers: readonly DataView[]) => void>();
  comm.onMsg = message => {
    const buffers = (message.buffers ?? []).map(asView);
    handlers.forEach(handler => handler(message.content.data, buffers));
  };
  comm.onClose = onClose;
  if (comm.isDisposed) {
    throw new Error('The kernel went away.');
  }
  comm.open();
  return {
    channel: {
      send: (message, buffers) => {
        comm.send(message as JSONValue, {}, buffers);
      },
      onMessage: handler => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      }
    },
    whileRunning: Boolean(comm.subshellId),
    get alive() {
      return !comm.isDisposed;
    },
    close: () => {
      comm.onClose = () => undefined;
      if (!comm.isDisposed && !kernel.isDisposed && kernel.connectionStatus === 'connected') {
        comm.close();
      } else {
        comm.dispose();
      }
    }
  };
}

function asView(buffer: ArrayBuffer | ArrayBufferView): DataView {
  return buffer instanceof ArrayBuffer
    ? new DataView(buffer)
    : new DataView(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

function soon(started: Promise<void> | undefined): Promise<void> {
  const late = new Promise<void>(resolve => setTimeout(resolve, PATIENCE));
  return Promise.race([(started ?? Promise.resolve()).catch(() => undefined), late]);
}

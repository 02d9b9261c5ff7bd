/** A comm as the channel that a `Client` speaks over. */

import { KernelMessage } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import type { JSONObject } from '@lumino/coreutils';

import type { Channel } from '../client';
import { TARGET } from '../protocol';
import { closeSubshell, openSubshell } from './subshell';

export interface OpenedComm {
  channel: Channel;
  /** Whether the kernel answers while a cell is running. */
  whileRunning: boolean;
  /** Whether both ends are there still. */
  readonly alive: boolean;
  close(): void;
}

type Handler = (message: unknown, buffers: readonly DataView[]) => void;

/**
 * Open a comm to our target, on a subshell of its own if the kernel has such.
 *
 * Its messages are written here and not by Lab's comms. Those would get their subshell only once
 * the running cell has ended, and Lab lets but one of the views of a kernel have any: with a
 * console beside it, a notebook might have none.
 *
 * A kernel that does not know the target closes the comm; `onClose` is called then, and when
 * the extension is unloaded.
 */
export async function openComm(
  kernel: Kernel.IKernelConnection,
  info: KernelMessage.IInfoReply,
  onClose: () => void
): Promise<OpenedComm> {
  const subshell = await openSubshell(kernel, info);
  const comm_id = UUID.uuid4();
  const handlers = new Set<Handler>();
  let alive = true;
  const hear = (_: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void => {
    if (KernelMessage.isCommMsgMsg(message) && message.content.comm_id === comm_id) {
      const { data } = message.content;
      const buffers = (message.buffers ?? []).map(asView);
      handlers.forEach(handler => handler(data, buffers));
    } else if (KernelMessage.isCommCloseMsg(message) && message.content.comm_id === comm_id) {
      end();
      onClose();
    }
  };
  const main = { channel: 'shell', username: kernel.username, session: kernel.clientId } as const;
  const way = { ...main, subshellId: subshell };
  const end = (): void => {
    alive = false;
    kernel.iopubMessage.disconnect(hear);
    if (subshell !== null && isThere(kernel)) {
      closeSubshell(kernel, subshell);
    }
  };
  kernel.iopubMessage.connect(hear);
  kernel.sendShellMessage(
    KernelMessage.createMessage<KernelMessage.ICommOpenMsg<'shell'>>({
      ...way,
      msgType: 'comm_open',
      content: { comm_id, target_name: TARGET, data: {} }
    })
  );
  return {
    channel: {
      send: (message, buffers) => {
        kernel.sendShellMessage(
          KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
            ...way,
            msgType: 'comm_msg',
            content: { comm_id, data: message as JSONObject },
            buffers
          })
        );
      },
      onMessage: handler => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      }
    },
    whileRunning: subshell !== null,
    get alive() {
      return alive && !kernel.isDisposed;
    },
    close: () => {
      if (!alive) {
        return;
      }
      if (isThere(kernel)) {
        kernel.sendShellMessage(
          KernelMessage.createMessage<KernelMessage.ICommCloseMsg<'shell'>>({
            // The subshell ends at once, perhaps with this unread.
            ...main,
            msgType: 'comm_close',
            content: { comm_id, data: {} }
          })
        );
      }
      end();
    }
  };
}

function isThere(kernel: Kernel.IKernelConnection): boolean {
  return !kernel.isDisposed && kernel.connectionStatus === 'connected';
}

function asView(buffer: ArrayBuffer | ArrayBufferView): DataView {
  return buffer instanceof ArrayBuffer
    ? new DataView(buffer)
    : new DataView(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

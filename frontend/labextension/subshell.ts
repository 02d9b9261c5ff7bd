/** What a kernel is asked over its control channel, which it heeds while a cell is running. */

import { KernelMessage } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';

/** What the kernel is. `kernel.info` alone may have to wait for the end of the running cell. */
export async function infoOf(kernel: Kernel.IKernelConnection): Promise<KernelMessage.IInfoReply> {
  const known = await Promise.race([kernel.info, null]);
  return known ?? Promise.any([kernel.info, askInfo(kernel)]);
}

/** A subshell for us alone; null where the kernel has none, or the user wants none. */
export async function openSubshell(
  kernel: Kernel.IKernelConnection,
  info: KernelMessage.IInfoReply
): Promise<string | null> {
  if (
    !info.supported_features?.includes('kernel subshells') ||
    kernel.commsOverSubshells === 'disabled'
  ) {
    return null;
  }
  const request = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
    msgType: 'create_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: {}
  });
  const asked = kernel.sendControlMessage(request, true) as Kernel.IControlFuture<
    KernelMessage.ICreateSubshellRequestMsg,
    KernelMessage.ICreateSubshellReplyMsg
  >;
  const { content } = await asked.done;
  return content.subshell_id ?? null; // null: the kernel has said why it cannot
}

export function closeSubshell(kernel: Kernel.IKernelConnection, subshell: string): void {
  const request = KernelMessage.createMessage<KernelMessage.IDeleteSubshellRequestMsg>({
    msgType: 'delete_subshell_request',
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content: { subshell_id: subshell }
  });
  kernel.sendControlMessage(request);
}

async function askInfo(kernel: Kernel.IKernelConnection): Promise<KernelMessage.IInfoReply> {
  const request = KernelMessage.createMessage<KernelMessage.IInfoRequestMsg>({
    msgType: 'kernel_info_request',
    channel: 'shell',
    username: kernel.username,
    session: kernel.clientId,
    content: {}
  });
  // The types know this question on the shell only, kernels answer it on both channels.
  const asked = { ...request, channel: 'control' } as unknown as KernelMessage.IControlMessage;
  const reply: KernelMessage.IMessage = await kernel.sendControlMessage(asked, true).done;
  const info = reply.content as KernelMessage.IInfoReply;
  if (typeof info.language_info?.name !== 'string') {
    throw new Error('The kernel has not said what it is.');
  }
  return info;
}

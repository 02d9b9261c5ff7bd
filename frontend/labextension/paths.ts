/** From a path of Lab's contents to one that a notebook's kernel can open. */

import type { Contents } from '@jupyterlab/services';
import { PathExt } from '@jupyterlab/coreutils';

import { fitsInLine } from './magicline';

/** A path for the kernel, or why there is none. */
export type KernelPath =
  | { kind: 'path'; path: string }
  | { kind: 'drive'; drive: string }
  | { kind: 'unwritable' };

/** Drives that show the files beside the kernel; others (object stores, archives) are elsewhere. */
const DRIVES_OF_FILES: ReadonlySet<string> = new Set(['', 'RTC']);

type Drives = Pick<Contents.IManager, 'driveName' | 'localPath'>;

/**
 * Say how a notebook in `folder` names the file or folder `item`.
 *
 * A kernel starts in its notebook's folder. The path begins with `./` or `../`, so that it is
 * never taken for a variable or an option.
 */
export function kernelPath(contents: Drives, folder: string, item: string): KernelPath {
  const drive = contents.driveName(item);
  if (!DRIVES_OF_FILES.has(drive)) {
    return { kind: 'drive', drive };
  }
  const from = parts(contents.localPath(folder));
  const to = parts(contents.localPath(item));
  let shared = 0;
  while (shared < Math.min(from.length, to.length) && from[shared] === to[shared]) {
    shared += 1;
  }
  const up = from.slice(shared).map(() => '..');
  const path = [...(up.length > 0 ? up : ['.']), ...to.slice(shared)].join('/');
  return fitsInLine(path) ? { kind: 'path', path } : { kind: 'unwritable' };
}

/** The folder that a file of Lab's contents lies in, with its drive. */
export function folderOf(contents: Drives, path: string): string {
  const drive = contents.driveName(path);
  const folder = PathExt.dirname(contents.localPath(path));
  return drive === '' ? folder : `${drive}:${folder}`;
}

function parts(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.');
}

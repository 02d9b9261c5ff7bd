/** A picture or recording that a user drops, pastes or chooses, made ready to be sent. */

export type Prepared =
  | { kind: 'picture'; data: ArrayBuffer; url: string }
  | { kind: 'sound'; data: ArrayBuffer }
  | { kind: 'large'; megabytes: number; most: number }
  | { kind: 'none' };

/** Embedding models look at 224 to 512 pixels; a few more keep what a crop needs. */
const EDGE = 768;
const MEGABYTE = 2 ** 20;
const LARGEST = 200; // megabytes
/** A recording is sent as it is, and the kernel takes no more. */
const LARGEST_SOUND = 32;
const QUALITY = 0.9;

/** Decode a picture, scale it down, and encode it anew; the kernel reads sounds of more kinds. */
export async function prepared(file: Blob): Promise<Prepared> {
  const isSound = file.type.startsWith('audio/');
  const most = isSound ? LARGEST_SOUND : LARGEST;
  if (file.size > most * MEGABYTE) {
    return { kind: 'large', megabytes: Math.round(file.size / MEGABYTE), most };
  }
  if (isSound) {
    return { kind: 'sound', data: await file.arrayBuffer() };
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return { kind: 'none' };
  }
  const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d');
  if (context === null) {
    return { kind: 'none' };
  }
  context.imageSmoothingQuality = 'high';
  // JPEG has no transparency; models see pictures on white.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise<Blob | null>(resolve =>
    canvas.toBlob(resolve, 'image/jpeg', QUALITY)
  );
  if (blob === null) {
    return { kind: 'none' };
  }
  return { kind: 'picture', data: await blob.arrayBuffer(), url: URL.createObjectURL(blob) };
}

/** The files in what was dropped or pasted; those of no use are left to be told. */
export function filesOf(data: DataTransfer | null): File[] {
  return data === null ? [] : [...data.files];
}

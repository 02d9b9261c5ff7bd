/** A picture that a user drops, pastes or chooses, made small enough to be sent. */

export type Prepared =
  | { kind: 'picture'; data: ArrayBuffer; url: string }
  | { kind: 'large'; megabytes: number }
  | { kind: 'none' };

/** Embedding models look at 224 to 512 pixels; a few more keep what a crop needs. */
const EDGE = 768;
const LARGEST = 200 * 2 ** 20;
const QUALITY = 0.9;

/** Decode a file, scale it down, and encode it anew: what the kernel gets is surely a picture. */
export async function prepared(file: Blob): Promise<Prepared> {
  if (file.size > LARGEST) {
    return { kind: 'large', megabytes: Math.round(file.size / 2 ** 20) };
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

/** The picture files in what was dropped or pasted; files that are none are left to be told. */
export function filesOf(data: DataTransfer | null): File[] {
  return data === null ? [] : [...data.files];
}

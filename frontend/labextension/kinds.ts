/** Which files of the file browser can be loaded, by their names. */

const PICTURES = 'png jpg jpeg jfif gif webp bmp tif tiff avif heic heif jp2 ico ppm';
const TABLES = 'csv tsv parquet jsonl ndjson';
const DOCUMENTS = 'pdf txt md html htm docx pptx';
const SOUNDS = 'wav flac ogg mp3 m4a';

export type FileKind = 'folder' | 'picture' | 'table' | 'document' | 'sound';

const KINDS = new Map<string, FileKind>([
  ...kind(PICTURES, 'picture'),
  ...kind(TABLES, 'table'),
  ...kind(DOCUMENTS, 'document'),
  ...kind(SOUNDS, 'sound')
]);

/** What a file or folder can be loaded as; null when as nothing. */
export function kindOf(item: { name: string; type: string }): FileKind | null {
  if (item.type === 'directory') {
    return 'folder';
  }
  const dot = item.name.lastIndexOf('.');
  return dot > 0 ? (KINDS.get(item.name.slice(dot + 1).toLowerCase()) ?? null) : null;
}

function kind(suffixes: string, of: FileKind): [string, FileKind][] {
  return suffixes.split(' ').map(suffix => [suffix, of]);
}

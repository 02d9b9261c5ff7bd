/** Lines of `%mmrag`, written as `mmrag_jupyter/notebook/words.py` reads them. */

export const EXTENSION = 'mmrag_jupyter';

export const LOAD_EXTENSION = `%load_ext ${EXTENSION}`;

/** What the dialog of "Load into collection…" asks for; an empty text is one not given. */
export interface LoadOptions {
  name: string;
  text: string;
  image: string;
}

// What Python's str.isspace knows beside JavaScript's \s.
const SPACE = /[\s\x1c-\x1f\x85]/;
// Where Python ends a line; nothing of this can stand in a line of a cell.
const LINE_END = /[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/;

/** Whether a text can stand in a line of a cell at all, quoted or not. */
export function fitsInLine(text: string): boolean {
  return !LINE_END.test(text) && !text.includes('\0');
}

/** Write a text as one word of the command line: as it is where it reads so, else quoted. */
export function asWord(text: string): string {
  const plain =
    text !== '' &&
    !/^[-"']/.test(text) &&
    !SPACE.test(text) &&
    !/\\|\[['"]/.test(text) &&
    // A line that ends in `;` hides its result, one in `?` asks IPython for help.
    !/[;?]$/.test(text);
  return plain ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** `%mmrag load` of a file or folder. */
export function loadLine(path: string, options: LoadOptions): string {
  return line(['load', path], {
    '--as': options.name,
    '--text': columns(options.text),
    '--image': columns(options.image)
  });
}

/** `%mmrag query` for the pictures that are like one in a file; '' is the current collection. */
export function similarLine(path: string, collection: string): string {
  return line(['query'], { '--image': path, '--in': collection });
}

/** `%mmrag show` of one item. */
export function showLine(id: string, collection: string): string {
  return line(['show', id], { '--in': collection });
}

/** `%mmrag query` for what is like some items of a collection. */
export function likeLine(ids: readonly string[], collection: string): string {
  const like = ids.map(id => `--like ${asWord(id)}`).join(' ');
  return `%mmrag query ${like} --in ${asWord(collection)}`;
}

/** `%mmrag query` for a text. */
export function queryLine(text: string, collection: string): string {
  return line(['query', text], { '--in': collection });
}

/** `%mmrag problems`: what could not be loaded into a collection. */
export function problemsLine(collection: string): string {
  return line(['problems', collection], {});
}

/** `%mmrag info` of a collection. */
export function infoLine(collection: string): string {
  return line(['info', collection], {});
}

/** `%mmrag panel` to search in a collection. */
export function panelLine(collection: string): string {
  return line(['panel'], { '--in': collection });
}

/** A cell that runs a line, and loads the extension first where it may not be there. */
export function cellOf(magic: string, loaded: boolean): string {
  return loaded ? magic : `${LOAD_EXTENSION}\n${magic}`;
}

/** A comma at the end would tell the magic that more of the list follows. */
function columns(list: string): string {
  const named = list.split(',').map(name => name.trim());
  return named.filter(name => name !== '').join(',');
}

function line(words: readonly string[], options: Readonly<Record<string, string>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== '');
  const all = [...words.map(asWord), ...given.flatMap(([flag, value]) => [flag, asWord(value)])];
  return `%mmrag ${all.join(' ')}`;
}

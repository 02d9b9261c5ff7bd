/** What is what in a cell with `%mmrag`, for its colours. */

export type MarkKind = 'magic' | 'command' | 'option' | 'quoted' | 'words';

export interface MagicMark {
  from: number;
  to: number;
  kind: MarkKind;
}

// As `mmrag_jupyter/notebook/completer.py` finds a line: `%mmrag`, `x = %mmrag`, `%time %mmrag`.
const LINE = /^(\s*(?:[^%='"#]+=\s*|%\w+\s+)?)(%mmrag)(?=\s|$)/;
const CELL = /^(\s*)(%%mmrag)(?=\s|$)/;
const WORD = /"(?:\\.|[^"\\])*"(?=\s|$)|'[^']*'(?=\s|$)|\S+/g;

/** Mark a cell's lines; all that Python would read as code there is covered. */
export function magicMarks(lines: Iterable<{ from: number; text: string }>): MagicMark[] {
  const marks: MagicMark[] = [];
  let body = false;
  let begun = false;
  let goesOn = false;
  for (const { from, text } of lines) {
    if (body) {
      if (text.trim() !== '') {
        marks.push({ from, to: from + text.length, kind: 'words' });
      }
      continue;
    }
    const found = (begun ? null : CELL.exec(text)) ?? LINE.exec(text);
    begun ||= text.trim() !== '';
    if (found === null) {
      if (goesOn) {
        marks.push(...wordMarks(text, 0, from, false));
      }
      goesOn = goesOn && text.endsWith('\\');
      continue;
    }
    const [whole, before = '', magic = ''] = found;
    body = magic === '%%mmrag';
    goesOn = text.endsWith('\\');
    marks.push({ from: from + before.length, to: from + whole.length, kind: 'magic' });
    marks.push(...wordMarks(text, whole.length, from, true));
  }
  return marks;
}

function wordMarks(text: string, start: number, from: number, first: boolean): MagicMark[] {
  const marks: MagicMark[] = [];
  WORD.lastIndex = start;
  for (let found = WORD.exec(text); found !== null; found = WORD.exec(text)) {
    const kind: MarkKind =
      first && marks.length === 0 && /^[a-z]+$/.test(found[0]) ? 'command' : kindOf(found[0]);
    marks.push({ from: from + found.index, to: from + WORD.lastIndex, kind });
  }
  return marks;
}

function kindOf(word: string): MarkKind {
  if (/^-[a-zA-Z]$|^--[a-z]/.test(word)) {
    return 'option';
  }
  return /^["']/.test(word) ? 'quoted' : 'words';
}

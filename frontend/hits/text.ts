/** Texts and values of the user's data, fit to be shown: the twin of the Python display. */

import type { Json } from './json';

const DASH = '—';

/**
 * Return `text` so that nothing in it acts: control characters become their pictures, and
 * characters that turn the direction of what follows are named.
 */
export function visible(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) {
    return text;
  }
  return text
    .replace(/\r\n|[\r\v\f\x85\u2028\u2029]/g, '\n')
    .replace(/[\x00-\x08\x0e-\x1f]/g, char => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(/\x7f/g, '\u2421')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, named)
    .replace(/[\x80-\x9f\ufffe\uffff]/g, '\ufffd')
    .replace(/\ufeff/g, '')
    .toWellFormed()
    .normalize('NFC');
}

function named(char: string): string {
  return `[U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Return at most `limit` characters of `text` in one line. */
export function oneLine(text: string, limit: number): string {
  const line = visible(part(text, 0, limit * 10)).split(/\s+/).join(' ').trim();
  return line.length <= limit ? line : `${part(line, 0, limit - 1).trimEnd()}…`;
}

/** A slice that halves no character: an emoji takes two of JavaScript's. */
function part(text: string, from: number, to: number): string {
  return text.slice(from, to).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}

/** Return a metadata value as one line; a missing one as a dash. */
export function shown(value: Json | undefined, limit = 300): string {
  return oneLine(words(value), limit) || DASH;
}

function words(value: Json | undefined): string {
  if (value === null || value === undefined) {
    return DASH;
  }
  if (typeof value === 'number') {
    // Ten digits show every price as it was typed and hide what binary fractions add.
    return String(Number(value.toPrecision(10)));
  }
  if (Array.isArray(value)) {
    return value.map(words).join(', ');
  }
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, each]) => `${name}: ${words(each)}`)
      .join(', ');
  }
  return String(value);
}

/** Return `text` without case and diacritics, as words of a query are compared. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** A piece of a text: `marked` where it is a word of the query. */
export interface Piece {
  text: string;
  marked: boolean;
}

// Marked in every text they would hide the words that matter.
const SMALL = new Set(
  (
    'a about all an and any are as at be but by can do for from has have he her his i in is it ' +
    'its like me more my no not of on one or our she so some than that the their them they this ' +
    'to up was we what which who with you your'
  ).split(' ')
);

const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** Return what of `terms` is marked in texts, folded. */
export function wanted(terms: readonly string[]): ReadonlySet<string> {
  const all = terms.flatMap(term => visible(term).match(WORD) ?? []).map(fold);
  const telling = all.filter(word => !SMALL.has(word));
  return new Set(telling.length > 0 ? telling : all);
}

/** Return `text` in pieces, whole words of `terms` marked, whatever their case. */
export function pieces(text: string, terms: ReadonlySet<string>): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  if (terms.size > 0) {
    for (const match of text.matchAll(WORD)) {
      if (terms.has(fold(match[0]))) {
        found.push({ text: text.slice(at, match.index), marked: false });
        found.push({ text: match[0], marked: true });
        at = match.index + match[0].length;
      }
    }
  }
  found.push({ text: text.slice(at), marked: false });
  return found.filter(piece => piece.text !== '');
}

/** Return some `width` characters of `text` from around the first word of `terms` in it. */
export function snippet(text: string, terms: ReadonlySet<string>, width: number): string {
  const line = visible(part(text, 0, 10_000)).split(/\s+/).join(' ').trim();
  const first = [...line.matchAll(WORD)].find(match => terms.has(fold(match[0])))?.index ?? 0;
  const from = first > width * 0.75 ? line.lastIndexOf(' ', first - width * 0.25) + 1 : 0;
  const piece = part(line, from, from + width);
  return `${from > 0 ? '…' : ''}${piece}${from + width < line.length ? '…' : ''}`;
}

/** Return a score with three digits that mean something. */
export function scoreText(score: number | null): string {
  return score === null ? DASH : String(Number(score.toPrecision(3)));
}

/** Return `seconds` as 1:05, or 1:00:05 from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Return the name of a file without its folders. */
export function fileNameOf(path: string): string {
  return path.replaceAll('\\', '/').split('/').at(-1) ?? '';
}

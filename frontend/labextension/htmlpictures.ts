/** The pictures and sounds of a result, taken from the HTML that stands beside it in the same output. */

// Read as text: a parser reports the styles in it to a page whose policy forbids them.
const IMAGE = /<img\b[^>]*>/g;
const SOURCE = /\ssrc="([^"]*)"/;
const RASTER = /^data:image\/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*$/;

const AUDIO = /<audio\b[^>]*>/g;
const SOUND = /^data:audio\/(?:ogg|mpeg|wav|mp4|webm);base64,[A-Za-z0-9+/=\s]*$/;

/** Return the sources of all `<audio>` elements in their order; '' for one that is no data URI. */
export function soundSources(html: unknown): readonly string[] {
  return sourcesOf(html, AUDIO, SOUND);
}

/** Return the sources of all `<img>` elements in their order; '' for one that is no data URI. */
export function pictureSources(html: unknown): readonly string[] {
  return sourcesOf(html, IMAGE, RASTER);
}

function sourcesOf(html: unknown, element: RegExp, harmless: RegExp): readonly string[] {
  if (typeof html !== 'string') {
    return [];
  }
  return [...html.matchAll(element)].map(([found]) => {
    const source = SOURCE.exec(found)?.[1] ?? '';
    return harmless.test(source) ? source : '';
  });
}

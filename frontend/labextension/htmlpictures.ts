/** The pictures of a result, taken from the HTML that stands beside it in the same output. */

const RASTER = /^data:image\/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*$/;

/** Return the sources of all `<img>` elements in their order; '' for one that is no data URI. */
export function pictureSources(html: unknown): readonly string[] {
  if (typeof html !== 'string') {
    return [];
  }
  // A document that is not shown loads nothing and runs nothing.
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return [...parsed.querySelectorAll('img')].map(image => {
    const source = image.getAttribute('src') ?? '';
    return RASTER.test(source) ? source : '';
  });
}

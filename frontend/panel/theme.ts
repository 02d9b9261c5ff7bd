/** Tells the browser whether the panel stands on a light or a dark page, and when that changes. */

const WATCHED = ['class', 'style', 'data-jp-theme-light', 'data-theme', 'data-vscode-theme-kind'];

/** Set `color-scheme` on `host`, so that fields and bars of scrolling match what is around. */
export function followTheme(host: HTMLElement, signal: AbortSignal): void {
  const look = (): void => {
    host.style.colorScheme = isDark(getComputedStyle(host).backgroundColor) ? 'dark' : 'light';
  };
  const observer = new MutationObserver(look);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: WATCHED });
  }
  signal.addEventListener('abort', () => observer.disconnect());
  // The styles of a host may come after its elements.
  requestAnimationFrame(look);
  setTimeout(look, 500);
}

function isDark(colour: string): boolean {
  const [red = 255, green = 255, blue = 255] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

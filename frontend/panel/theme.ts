/** Tells the browser whether the panel stands on a light or a dark page, and when that changes. */

const WATCHED = [
  'class',
  'style',
  'theme',
  'data-jp-theme-light',
  'data-theme',
  'data-vscode-theme-kind'
];

/** Set `color-scheme` on `host`, so that fields and bars of scrolling match what is around. */
export function followTheme(host: HTMLElement, signal: AbortSignal): void {
  const look = (): void => {
    host.style.colorScheme = '';
    host.style.colorScheme = isDark(around(host)) ? 'dark' : 'light';
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

/** The colour of the page: as its host names it, else as what lies behind the panel has it. */
function around(host: HTMLElement): string {
  const own = getComputedStyle(host);
  const jupyter = document.body.dataset['jpThemeLight'] !== undefined;
  if (jupyter || own.getPropertyValue('--vscode-editor-background') !== '') {
    // panel.css paints with the colours of these two. What VS Code puts behind a widget is white
    // in dark themes as well.
    return own.backgroundColor;
  }
  if (document.documentElement.getAttribute('theme') === 'dark') {
    return 'rgb(0, 0, 0)'; // Colab, whose frames let its page shine through
  }
  for (let node = behind(host); node !== null; node = behind(node)) {
    const { backgroundColor } = getComputedStyle(node);
    if (!/[,/] 0\)$/.test(backgroundColor)) {
      return backgroundColor;
    }
  }
  return own.backgroundColor;
}

/** The element around another; marimo puts widgets into a shadow. */
function behind(node: Element): Element | null {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** Painted and read back: there are a dozen ways to write a colour. */
function isDark(colour: string): boolean {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d');
  if (context === null) {
    return false;
  }
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 255, green = 255, blue = 255] = context.getImageData(0, 0, 1, 1).data;
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

/**
 * What a notebook keeps of a panel: it fetches the panel itself from the kernel.
 *
 * A widget's script is saved with every notebook that shows it. This one is small; the panel
 * proper comes as the answer to `code`, so it is always the one of the package that answers,
 * and no script of a notebook from elsewhere does more than ask.
 */

import { ENGLISH, onTranslator } from '../translation';
import { channelOf, type Given } from './channel';
import { loaderStrings } from './loaderstrings';

interface Module {
  default: { render(given: Given): () => void };
}

/** Milliseconds until the user is told that the kernel keeps waiting. */
const PATIENCE = 2000;

export default {
  render(given: Given): () => void {
    const { model, el } = given;
    const said = document.createElement('p');
    said.setAttribute('role', 'status');
    said.style.cssText = 'margin:0;padding:8px';
    const style = document.createElement('style');
    const again = document.createElement('button');
    el.append(style, said);

    let dispose: (() => void) | null = null;
    let over = false;
    const lifetime = new AbortController();
    let strings = loaderStrings(ENGLISH);
    onTranslator(trans => (strings = loaderStrings(trans)), lifetime.signal);
    const wait = setTimeout(() => {
      again.textContent = strings.again;
      said.textContent = strings.waiting;
      said.append(' ', again);
    }, PATIENCE);

    const start = async (code: DataView, css: DataView): Promise<void> => {
      const url = URL.createObjectURL(new Blob([code as BlobPart], { type: 'text/javascript' }));
      try {
        const module = (await import(/* @vite-ignore */ url)) as Module;
        if (!over) {
          said.remove();
          style.textContent = new TextDecoder().decode(css);
          dispose = module.default.render(given);
        }
      } catch (error) {
        said.textContent = strings.broken(error instanceof Error ? error.message : String(error));
      } finally {
        URL.revokeObjectURL(url);
      }
    };

    const uuid = `code-${Math.random().toString(36).slice(2)}`;
    const channel = channelOf(model);
    const off = channel.onMessage((message, buffers) => {
      const [code, css] = buffers;
      const own = (message as { uuid?: unknown } | null)?.uuid === uuid;
      if (own && code !== undefined && css !== undefined) {
        off();
        clearTimeout(wait);
        void start(code, css);
      }
    });
    const ask = (): void => channel.send({ type: 'code', uuid }, []);
    again.addEventListener('click', ask);
    ask();

    return () => {
      over = true;
      lifetime.abort();
      clearTimeout(wait);
      off();
      dispose?.();
      said.remove();
      style.remove();
    };
  }
};

/** Colours for `%mmrag` in cells, which Python's grammar takes for arithmetic. */

import { Prec } from '@codemirror/state';
import type { Extension, Text } from '@codemirror/state';
import { Decoration, ViewPlugin } from '@codemirror/view';
import type { DecorationSet, EditorView, ViewUpdate } from '@codemirror/view';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';

import { magicMarks } from './magicmarks';
import type { MarkKind } from './magicmarks';

/** Lines of a cell that are looked at; a cell of data needs no colours. */
const MOST_LINES = 2000;

export const coloursPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mmrag-jupyter:colours',
  description: 'Colours %mmrag in cells.',
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  activate: (_: JupyterFrontEnd, registry: IEditorExtensionRegistry) => {
    registry.addExtension({
      name: 'mmrag-jupyter:colours',
      factory: ({ model }) =>
        EditorExtensionRegistry.createImmutableExtension(coloursOf(model))
    });
  }
};

const CLASSES: Readonly<Record<MarkKind, Decoration>> = {
  magic: Decoration.mark({ class: 'jp-mmrag-magic' }),
  command: Decoration.mark({ class: 'jp-mmrag-command' }),
  option: Decoration.mark({ class: 'jp-mmrag-option' }),
  quoted: Decoration.mark({ class: 'jp-mmrag-quoted' }),
  words: Decoration.mark({ class: 'jp-mmrag-words' })
};

function coloursOf(model: CodeEditor.IModel): Extension {
  // A cell learns that it is Python's only once its kernel has said so.
  const isPython = (): boolean => /^text\/x-i?python/.test(model.mimeType);
  class Colours {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this._python = isPython();
      this.decorations = this._made(view.state.doc);
    }

    update({ docChanged, state }: ViewUpdate): void {
      const python = isPython();
      if (docChanged || python !== this._python) {
        this._python = python;
        this.decorations = this._made(state.doc);
      }
    }

    private _made(doc: Text): DecorationSet {
      if (!this._python || doc.lines > MOST_LINES) {
        return Decoration.none;
      }
      const marks = magicMarks(linesOf(doc));
      return Decoration.set(marks.map(({ from, to, kind }) => CLASSES[kind].range(from, to)));
    }

    private _python: boolean;
  }
  // The innermost colour is the one that is seen, and it is that of the highest precedence.
  return Prec.highest(
    ViewPlugin.fromClass(Colours, { decorations: colours => colours.decorations })
  );
}

function* linesOf(doc: Text): Generator<{ from: number; text: string }> {
  let from = 0;
  for (const text of doc.iterLines()) {
    yield { from, text };
    from += text.length + 1;
  }
}

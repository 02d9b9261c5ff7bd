/** The dialog of "Load into collection…". */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { LoadOptions } from './magicline';

export interface LoadQuestion {
  /** The file or folder as the user sees it. */
  name: string;
  /** Where the cell goes: the notebook's name, or null for a new one. */
  notebook: string | null;
  /** A table's columns can be told apart. */
  columns: boolean;
  /** Collections that are known to be there. */
  collections: readonly string[];
}

/** Ask how to load; null when the user would rather not. */
export async function askHowToLoad(
  question: LoadQuestion,
  trans: TranslationBundle
): Promise<LoadOptions | null> {
  const form = new LoadForm(question, trans);
  const result = await showDialog({
    title: trans.__('Load into collection'),
    body: form,
    focusNodeSelector: 'input',
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Insert cell and run') })
    ]
  });
  return result.button.accept ? result.value : null;
}

class LoadForm extends Widget implements Dialog.IBodyWidget<LoadOptions> {
  constructor(question: LoadQuestion, trans: TranslationBundle) {
    super();
    this.addClass('jp-mmrag-LoadForm');
    const { name, notebook, columns, collections } = question;
    this.node.append(
      paragraph(trans.__('Loads %1.', name)),
      paragraph(
        notebook === null
          ? trans.__('No Python notebook is in front, so a new one is made for it.')
          : trans.__('The cell goes into %1.', notebook)
      )
    );
    this._name = this._field(trans.__('Collection'), trans.__('the name of the file or folder'));
    suggest(this._name, collections);
    if (columns) {
      const guessed = trans.__('guessed, and said');
      this._text = this._field(trans.__('Columns with texts, with commas between'), guessed);
      this._image = this._field(trans.__('Columns with pictures, with commas between'), guessed);
    }
  }

  getValue(): LoadOptions {
    const value = (input: HTMLInputElement | null): string => input?.value.trim() ?? '';
    return { name: value(this._name), text: value(this._text), image: value(this._image) };
  }

  private _field(label: string, placeholder: string): HTMLInputElement {
    const holder = document.createElement('label');
    const input = document.createElement('input');
    input.className = 'jp-mod-styled';
    input.type = 'text';
    input.autocomplete = 'off';
    input.spellcheck = false;
    input.placeholder = placeholder;
    holder.append(label, input);
    this.node.append(holder);
    return input;
  }

  private readonly _name: HTMLInputElement;
  private readonly _text: HTMLInputElement | null = null;
  private readonly _image: HTMLInputElement | null = null;
}

function suggest(input: HTMLInputElement, names: readonly string[]): void {
  const list = document.createElement('datalist');
  list.id = 'jp-mmrag-collections';
  for (const name of names) {
    const option = document.createElement('option');
    option.value = name;
    list.append(option);
  }
  input.setAttribute('list', list.id);
  input.after(list);
}

function paragraph(text: string): HTMLParagraphElement {
  const made = document.createElement('p');
  made.dir = 'auto';
  made.textContent = text;
  return made;
}

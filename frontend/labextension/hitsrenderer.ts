/** One result in an output: its hits, or the plain form of what cannot be read. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

import { mountHits, type HitsViewProps, type Mounted } from '../hits/HitsView';
import { HITS_MIME, readHits } from '../hits/model';
import { pictureSources, soundSources } from './htmlpictures';
import { LargePictures } from './largepictures';
import type { ILinks } from './links';
import { PlainForm } from './plainform';
import { preferences } from './preferences';
import { resultActions } from './resultactions';
import { stringsOf } from './strings';

const TILE = 0.625; // of a thumbnail's pixels, so that dense screens show it sharp

export interface Surroundings {
  rendermime: IRenderMimeRegistry;
  notebooks: INotebookTracker | null;
  links: ILinks | null;
  translator: IRenderMime.ITranslator;
}

export class HitsRenderer extends Panel implements IRenderMime.IRenderer {
  private readonly _host = new Widget();
  private _mounted: Mounted | null = null;
  private _props: HitsViewProps | null = null;
  private _plain: PlainForm | null = null;
  private readonly _large: LargePictures;

  constructor(private readonly _around: Surroundings) {
    super();
    this._large = new LargePictures(_around.links, _around.notebooks);
    this.addClass('mmrag-output');
    this.addWidget(this._host);
    preferences.changed.connect(this._draw, this);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._plain?.dispose();
    this._plain = null;
    const strings = stringsOf(this._around.translator);
    const reading = readHits(model.data[HITS_MIME]);
    if (reading.kind === 'hits') {
      const urls = pictureSources(model.data['text/html']);
      const sounds = soundSources(model.data['text/html']);
      this._props = {
        model: reading.model,
        picture: (hit, size, signal) => {
          const small = urls[hit.thumbnail?.image ?? -1] ?? null;
          return size === 'large' && hit.thumbnail !== null
            ? this._large
                .of(this.node, reading.model.collection ?? '', hit, signal)
                .then(large => large ?? small)
            : small;
        },
        sound: (hit, signal) => {
          const kept = sounds[hit.sound?.audio ?? -1] ?? '';
          const { collection = '' } = reading.model;
          // Of one that was cut, the kernel may give the rest.
          return kept !== '' && hit.sound?.until === undefined
            ? kept
            : this._large.sound(this.node, collection, hit, signal, kept);
        },
        sheet: sheet => urls[sheet.image ?? -1] ?? null,
        actions: [],
        strings
      };
      this._draw();
    } else {
      this._clear();
      this._plain = new PlainForm(reading, strings, this._around.rendermime);
      this.addWidget(this._plain);
      await this._plain.renderModel(model);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      Signal.clearData(this);
      this._clear();
      this._large.dispose();
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // Only now is it known which cell of which notebook shows the result.
    this._draw();
  }

  private _draw(): void {
    if (this._props === null) {
      return;
    }
    const { notebooks, translator } = this._around;
    const actions = resultActions(this.node, this._props.model, notebooks, translator);
    const thumbnail = Math.round(preferences.now.thumbnail * TILE);
    this._props = { ...this._props, actions, thumbnail };
    if (this._mounted === null) {
      this._mounted = mountHits(this._host.node, this._props);
    } else {
      this._mounted.update(this._props);
    }
  }

  private _clear(): void {
    this._mounted?.dispose();
    this._mounted = this._props = null;
  }
}

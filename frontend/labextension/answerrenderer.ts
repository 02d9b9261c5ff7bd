/** One answer in an output: its text and its sources, or the plain form of what cannot be read. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { clearAnswer, drawAnswer } from '../answers/AnswerView';
import { ANSWER_MIME, readAnswer } from '../answers/model';
import type { AnswerStrings } from '../answers/strings';
import { answerStringsOf } from './answerstrings';
import { pictureSources, soundSources } from './htmlpictures';
import { PlainForm } from './plainform';

export class AnswerRenderer extends Panel implements IRenderMime.IRenderer {
  private readonly _host = new Widget();
  private readonly _strings: AnswerStrings;
  private _plain: PlainForm | null = null;

  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    translator: IRenderMime.ITranslator
  ) {
    super();
    this._strings = answerStringsOf(translator);
    this.addClass('mmrag-output');
    this.addWidget(this._host);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._plain?.dispose();
    this._plain = null;
    const reading = readAnswer(model.data[ANSWER_MIME]);
    if (reading.kind === 'answer') {
      const urls = pictureSources(model.data['text/html']);
      const sounds = soundSources(model.data['text/html']);
      drawAnswer(this._host.node, {
        answer: reading.answer,
        sound: source => sounds[source.audio ?? -1] ?? '',
        picture: source => urls[source.thumbnail?.image ?? -1] ?? '',
        strings: this._strings
      });
    } else {
      clearAnswer(this._host.node);
      this._plain = new PlainForm(reading, this._strings, this._rendermime);
      this.addWidget(this._plain);
      await this._plain.renderModel(model);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      clearAnswer(this._host.node);
      super.dispose();
    }
  }
}

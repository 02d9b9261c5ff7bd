/** One load's report in an output, or the plain form of what cannot be read. */

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';

import { readReport, REPORT_MIME, type Report } from '../reports/model';
import { clearReport, drawReport } from '../reports/ReportView';
import type { ReportStrings } from '../reports/strings';
import { PlainForm } from './plainform';
import { reportActions } from './reportactions';
import { reportStringsOf } from './reportstrings';

export class ReportRenderer extends Panel implements IRenderMime.IRenderer {
  private readonly _host = new Widget();
  private readonly _strings: ReportStrings;
  private _report: Report | null = null;
  private _plain: PlainForm | null = null;

  constructor(
    private readonly _rendermime: IRenderMimeRegistry,
    private readonly _notebooks: INotebookTracker | null,
    private readonly _translator: IRenderMime.ITranslator
  ) {
    super();
    this._strings = reportStringsOf(_translator);
    this.addClass('mmrag-output');
    this.addWidget(this._host);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._plain?.dispose();
    this._plain = this._report = null;
    const reading = readReport(model.data[REPORT_MIME]);
    if (reading.kind === 'report') {
      this._report = reading.report;
      this._draw();
    } else {
      clearReport(this._host.node);
      this._plain = new PlainForm(reading, this._strings, this._rendermime);
      this.addWidget(this._plain);
      await this._plain.renderModel(model);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._report = null;
      clearReport(this._host.node);
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // Only now is it known which cell of which notebook shows the report.
    this._draw();
  }

  private _draw(): void {
    if (this._report !== null) {
      const report = this._report;
      const actions = reportActions(this.node, report, this._notebooks, this._translator);
      drawReport(this._host.node, { report, actions, strings: this._strings });
    }
  }
}

/** The sidebar's widget: follows the notebook in front, and draws what its kernel holds. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { render } from 'preact';

import type { Client } from '../client';
import type { Strings } from '../hits/strings';
import { Holdings } from './holdings';
import { searchIcon } from './icons';
import type { KernelLink } from './link';
import type { ILinks } from './links';
import { preferences } from './preferences';
import { Standing } from './standing';
import { stringsOf } from './strings';
import type { Ways } from './ways';
import { DOMAIN } from './words';

export class Sidebar extends Widget {
  constructor(
    private readonly _tracker: INotebookTracker,
    private readonly _links: ILinks,
    private readonly _ways: Ways,
    translator: ITranslator
  ) {
    super();
    this._trans = translator.load(DOMAIN);
    this._strings = stringsOf(translator);
    this.id = 'mmrag-sidebar';
    this.addClass('jp-mmrag-Sidebar');
    this.title.icon = searchIcon;
    this.title.caption = this._trans.__('Multimodal search');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this._trans.__('Multimodal search'));
    _tracker.currentChanged.connect(this._follow, this);
    preferences.changed.connect(this._draw, this);
    this._follow();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      preferences.changed.disconnect(this._draw, this);
      this._let(this._link);
      this._panel?.title.changed.disconnect(this._draw, this);
      render(null, this.node);
      super.dispose();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._link?.watch(true);
    this._draw();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._link?.watch(false);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const search = this.node.querySelector('input');
    (search ?? this.node.querySelector('button') ?? this.node).focus();
  }

  private _follow(): void {
    const panel = this._tracker.currentWidget;
    if (panel !== this._panel) {
      this._let(this._link);
      this._panel?.title.changed.disconnect(this._draw, this);
      panel?.title.changed.connect(this._draw, this);
      this._panel = panel;
      this._link = panel === null ? null : this._links.of(panel);
      this._link?.changed.connect(this._draw, this);
      this._link?.watch(this.isVisible);
    }
    this._draw();
  }

  private _let(link: KernelLink | null): void {
    link?.watch(false);
    link?.changed.disconnect(this._draw, this);
  }

  private _draw(): void {
    const panel = this._panel;
    const link = this._link;
    const state = link?.state ?? null;
    const client = state !== null && 'client' in state ? state.client : null;
    render(
      <div class="jp-mmrag-body">
        {panel !== null && <h2 dir="auto">{panel.title.label}</h2>}
        <Standing
          panel={panel}
          state={state}
          busy={link?.busy ?? false}
          ways={this._ways}
          trans={this._trans}
        />
        {panel !== null && link !== null && client !== null && (
          <Holdings
            key={keyOf(client)}
            panel={panel}
            link={link}
            client={client}
            preferences={preferences.now}
            loads={link.loads}
            kept={link.kept}
            ways={this._ways}
            trans={this._trans}
            strings={this._strings}
          />
        )}
      </div>,
      this.node
    );
  }

  private readonly _trans: TranslationBundle;
  private readonly _strings: Strings;
  private _panel: NotebookPanel | null = null;
  private _link: KernelLink | null = null;
}

const keys = new WeakMap<Client, number>();
let made = 0;

/** Another client means another kernel, or the same one started anew: nothing is carried over. */
function keyOf(client: Client): number {
  const key = keys.get(client) ?? (made += 1);
  keys.set(client, key);
  return key;
}

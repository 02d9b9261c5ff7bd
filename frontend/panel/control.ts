/** What the panel knows and does: one place that asks the kernel and keeps what it said. */

import { Client } from '../client';
import type { Outcome } from '../client';
import { Sounds } from '../fetched/sounds';
import { Thumbnails } from '../fetched/thumbnails';
import { RecentUrls, askWhole } from '../fetched/whole';
import { keyOf } from '../hits/model';
import type { Hit, View } from '../hits/model';
import type { Mark, Size } from '../hits/props';
import { VERSION } from '../protocol';
import type { FoundHit, Load } from '../protocol';
import { channelOf } from './channel';
import type { Model } from './channel';
import { EMPTY, askedOf, buffersOf, queryFrom, scopeOf, wordsOf } from './query';
import type { Query } from './query';
import { firstState, running } from './state';
import type { State } from './state';

const PAGE = 48;
/** Milliseconds without a key before the words are looked for; one search at a time besides. */
const PAUSE = 20;
/** Milliseconds in which hits are drawn and ask for their pictures: these go before the counts. */
const DRAWN = 30;
/** How long to wait for a first sign of life. */
const GREETING = 10_000;
const PING = 3000;

export class Control {
  /** `width` is that of the panel in pixels when it was opened. */
  constructor(
    model: Model,
    readonly width: number,
    changed: (state: State) => void
  ) {
    this._model = model;
    this._changed = changed;
    this._client = new Client(channelOf(model), {
      connection: connection => this._set({ connection }),
      loads: loads => this._onLoads(loads),
      collections: () => this.search(),
      selected: keys => this._onSelected(keys)
    });
    this._thumbnails = new Thumbnails(this._client, String(model.get('collection')));
    this.sounds = new Sounds(this._client, null);
    this._state = firstState(model);
    model.on('change:query', this._fromPython);
    model.on('comm_live_update', this._onChannel);
    void this._greet();
  }

  get state(): State {
    return this._state;
  }

  /** Change what is asked; `pause` waits for the next key. */
  ask(query: Query, pause = false): void {
    this._set({ query, notice: '', unkept: '' });
    clearTimeout(this._typing);
    if (pause) {
      this._typing = setTimeout(() => this.search(), PAUSE);
    } else {
      this.search();
    }
  }

  /** Ask the kernel what the query says now; whatever was asked before is not waited for. */
  search(): void {
    clearTimeout(this._typing);
    this._asking.abort();
    this._asking = new AbortController();
    void this._search(this._asking.signal);
  }

  /** Load the next page, if there is one and it is not on its way. */
  async more(): Promise<void> {
    const { model, more } = this._state;
    if (!more || this._turning || model === null) {
      return;
    }
    this._turning = true;
    const signal = this._asking.signal;
    const outcome = await this._page(this._answered, model.hits.length, signal);
    this._turning = false;
    const now = this._state.model;
    // Other hits may have been found meanwhile.
    if (outcome.kind === 'ok' && !signal.aborted && now?.hits === model.hits) {
      const { hits, more: further } = outcome.result;
      this._remember(hits);
      const all = { ...now, hits: [...now.hits, ...hits] };
      this._set({ model: all, more: further && hits.length > 0 });
    }
  }

  /** A picture for the hits view; with the large one comes all else that is known of the item. */
  readonly picture = (
    hit: Hit,
    size: Size,
    signal: AbortSignal
  ): Promise<string | null> | null =>
    size === 'thumbnail' ? this._thumbnails.picture(hit, size, signal) : this._item(hit, signal);

  select(ids: ReadonlySet<string>): void {
    this._set({ selected: ids });
    const keys = [...ids].map(id => this._keys.get(id) ?? id);
    void this._client.ask('select', { collection: null, keys }).then(outcome => {
      if (outcome.kind === 'ok') {
        this._model.set('selections', Number(this._model.get('selections')) + 1);
        this._model.save_changes();
      }
    });
  }

  /** Keep a verdict, and refine the query by it at once. */
  async judge(hit: Hit, mark: Mark | null): Promise<void> {
    const marks = new Map(this._state.query.marks);
    const key = keyOf(hit);
    if (mark === null) {
      marks.delete(key);
    } else {
      marks.set(key, mark);
    }
    const words = wordsOf(this._state.query);
    this.ask({ ...this._state.query, marks });
    const verdict = mark === null ? 0 : mark === 'up' ? 1 : -1;
    const outcome = await this._client.ask('feedback', { collection: null, key, verdict, query: words });
    if (outcome.kind === 'ok') {
      this._set({ unkept: outcome.result.kept ? '' : outcome.result.message });
    }
  }

  show(view: View): void {
    this._model.set('view', view);
    this._model.save_changes();
    this._set({ view });
  }

  notify(notice: string): void {
    this._set({ notice });
  }

  clear(): void {
    this._state.query.pictures.forEach(picture => URL.revokeObjectURL(picture.url));
    this.ask(EMPTY);
  }

  /** Ask again whether anybody is there. */
  again(): void {
    this._set({ failure: null });
    void this._greet();
  }

  dispose(): void {
    clearTimeout(this._typing);
    this._asking.abort();
    this._lifetime.abort();
    this._model.off('change:query', this._fromPython);
    this._model.off('comm_live_update', this._onChannel);
    this._thumbnails.dispose();
    this.sounds.dispose();
    this._large.dispose();
    this._client.dispose();
    this._state.query.pictures.forEach(picture => URL.revokeObjectURL(picture.url));
  }

  private async _greet(): Promise<void> {
    const outcome = await this._client.hello({
      signal: this._lifetime.signal,
      timeout: GREETING
    });
    if (outcome.kind === 'ok') {
      const { version } = outcome.result;
      this._set({ otherVersion: version === VERSION ? null : version });
      void this._askLoads();
      this.search();
    } else if (outcome.kind === 'error') {
      this._set({ failure: outcome.error, searching: false });
    }
  }

  /** One search at a time: what is typed meanwhile is asked for when its answer is there. */
  private async _search(signal: AbortSignal): Promise<void> {
    this._set({ searching: true });
    if (this._underway) {
      this._due = true;
      return;
    }
    this._underway = true;
    const { query } = this._state;
    const outcome = await this._page(query, 0, this._lifetime.signal);
    this._underway = false;
    if (this._due) {
      this._due = false;
      void this._search(this._asking.signal);
    } else if (!signal.aborted && outcome.kind !== 'aborted') {
      this._answered = outcome.kind === 'ok' ? query : this._answered;
      await this._show(outcome, signal);
    }
  }

  private async _show(outcome: Outcome<'search'>, signal: AbortSignal): Promise<void> {
    if (outcome.kind !== 'ok') {
      const failure = outcome.kind === 'error' ? outcome.error : null;
      this._set({ searching: false, failure });
      return;
    }
    const { hits, columns, more, signals, total } = outcome.result;
    this._remember(hits);
    this._set({
      searching: false,
      failure: null,
      model: {
        title: '',
        notices: outcome.result.notices,
        view: this._state.view,
        total: more ? total : hits.length,
        columns,
        hits
      },
      more,
      signals,
      scope: scopeOf(this._state.query),
      searches: this._state.searches + 1
    });
    this._save();
    await new Promise(resolve => setTimeout(resolve, DRAWN));
    if (!signal.aborted) {
      await this._count(signal);
    }
  }

  private _page(query: Query, offset: number, signal: AbortSignal): Promise<Outcome<'search'>> {
    return this._client.ask(
      'search',
      { collection: null, asked: askedOf(query), offset, limit: PAGE },
      { signal, buffers: buffersOf(query) }
    );
  }

  private async _count(signal: AbortSignal): Promise<void> {
    const { query } = this._state;
    const outcome = await this._client.ask(
      'facets',
      { collection: null, asked: askedOf(query) },
      { signal, buffers: buffersOf(query) }
    );
    if (outcome.kind === 'ok' && !signal.aborted) {
      this._set({ facets: outcome.result.facets, items: outcome.result.items });
    }
  }

  private async _item(hit: Hit, signal: AbortSignal): Promise<string | null> {
    const { hit: whole, picture, problem } = await askWhole(this._client, null, hit, signal);
    this._complete(hit, whole);
    if (problem !== '') {
      throw new Error(problem);
    }
    return picture === null ? null : this._large.of(picture);
  }

  /** Give a hit the texts that the page of hits had cut short. */
  private _complete(hit: Hit, whole: FoundHit): void {
    const { model } = this._state;
    // The hit stays the same object: the view would ask for another one's picture again.
    Object.assign(hit, { metadata: whole.metadata, text: whole.text, thumbnail: whole.thumbnail });
    if (model !== null) {
      const columns = [...new Set([...model.columns, ...Object.keys(whole.metadata)])];
      this._set({ model: { ...model, columns } });
    }
  }

  private async _askLoads(): Promise<void> {
    const outcome = await this._client.ask('loads', {}, { signal: this._lifetime.signal });
    if (outcome.kind === 'ok') {
      this._onLoads(outcome.result.loads);
    }
  }

  private _onLoads(loads: Load[]): void {
    const own = loads.filter(load => load.collection === this._model.get('collection'));
    const before = running(this._state.loads);
    this._set({ loads: own });
    if (running(own) < before) {
      // What a load has brought is to be seen.
      this.search();
    }
  }

  private _onSelected(keys: readonly string[]): void {
    const ids = new Map([...this._keys].map(([id, key]) => [key, id]));
    this._set({ selected: new Set(keys.map(key => ids.get(key) ?? key)) });
  }

  private _remember(hits: readonly FoundHit[]): void {
    for (const hit of hits) {
      this._keys.set(hit.id, hit.key);
    }
  }

  /** Keep the query with the notebook, without its pictures and sounds. */
  private _save(): void {
    const { pictures: _, sounds: __, ...asked } = askedOf(this._state.query);
    if (JSON.stringify(asked) !== JSON.stringify(this._model.get('query'))) {
      this._saving = true;
      this._model.set('query', asked);
      this._model.save_changes();
      this._saving = false;
    }
  }

  private _set(changed: Partial<State>): void {
    if (!this._lifetime.signal.aborted) {
      this._state = { ...this._state, ...changed };
      this._changed(this._state);
    }
  }

  private readonly _fromPython = (): void => {
    if (!this._saving) {
      this.ask(queryFrom(this._model.get('query')));
    }
  };

  /** The host says that something happened to the channel; whether it still works is asked. */
  private readonly _onChannel = (): void => {
    void this._client.hello({ signal: this._lifetime.signal, timeout: PING }).then(outcome => {
      this._client.mark(outcome.kind === 'ok' ? 'open' : 'lost');
    });
  };

  readonly sounds: Sounds;
  private readonly _model: Model;
  private readonly _changed: (state: State) => void;
  private readonly _client: Client;
  private readonly _thumbnails: Thumbnails;
  private readonly _lifetime = new AbortController();
  /** What the kernel calls the items that were seen. */
  private readonly _keys = new Map<string, string>();
  private readonly _large = new RecentUrls();
  private _state: State;
  private _asking = new AbortController();
  private _answered = EMPTY; // whose hits are shown
  private _typing: ReturnType<typeof setTimeout> | undefined;
  private _underway = false;
  private _due = false;
  private _turning = false;
  private _saving = false;
}

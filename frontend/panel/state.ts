/** All that the panel shows. */

import type { Connection } from '../client';
import { VIEWS } from '../hits/model';
import type { HitsModel, View } from '../hits/model';
import type { Facet, Failure, Load } from '../protocol';
import type { Model } from './channel';
import { queryFrom } from './query';
import type { Query } from './query';

export interface State {
  query: Query;
  /** Null until the first answer. */
  model: HitsModel | null;
  more: boolean;
  signals: string[];
  facets: Facet[];
  items: number;
  searching: boolean;
  failure: Failure | null;
  connection: Connection;
  /** The kernel's version, where it is another than this panel's. */
  otherVersion: string | null;
  loads: Load[];
  selected: ReadonlySet<string>;
  notice: string;
  /** Why the last verdict could not be kept. */
  unkept: string;
  view: View;
  /** What the hits shown are: of a search, all items that filters leave, or all there are. */
  scope: 'search' | 'filter' | 'all';
  /** How many queries have been answered. */
  searches: number;
}

/** What is shown before the kernel has said anything. */
export function firstState(model: Model): State {
  return {
    query: queryFrom(model.get('query')),
    model: null,
    more: false,
    signals: [],
    facets: [],
    items: 0,
    searching: true,
    failure: null,
    connection: 'open',
    otherVersion: null,
    loads: [],
    selected: new Set(),
    notice: '',
    unkept: '',
    view: VIEWS.find(each => each === model.get('view')) ?? 'gallery',
    scope: 'all',
    searches: 0
  };
}

/** How many loads go on. */
export function running(loads: readonly Load[]): number {
  return loads.filter(load => load.state === 'running').length;
}

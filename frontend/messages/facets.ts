/** What can be filtered by, with counts. */

import type { Json } from '../hits/json';
import { countOrNull, countOrZero, list, numberOrNull, text } from './read';

export interface FacetValue {
  value: Json;
  label: string;
  /** Items that have it, under the condition and the other columns' filters. */
  count: number;
  /** How many of the best hits have it; null when nothing was asked for. */
  hits: number | null;
}

export interface Bin {
  low: number | string;
  high: number | string;
  count: number;
  hits: number | null;
}

export type Facet =
  | { kind: 'values'; column: string; values: FacetValue[]; others: number }
  | {
      kind: 'range';
      column: string;
      type: 'number' | 'date';
      low: number | string;
      high: number | string;
      bins: Bin[];
      missing: number;
    };

export interface Facets {
  items: number;
  facets: Facet[];
}

type Result = Record<string, unknown>;

export function readFacets(result: Result): Facets | null {
  return Array.isArray(result.facets)
    ? { items: countOrZero(result.items), facets: list(result.facets, readFacet) }
    : null;
}

function readFacet(data: Result): Facet {
  const column = text(data.column);
  if (data.kind === 'range') {
    return {
      kind: 'range',
      column,
      type: data.type === 'date' ? 'date' : 'number',
      low: bound(data.low),
      high: bound(data.high),
      bins: list(data.bins, readBin),
      missing: countOrZero(data.missing)
    };
  }
  return {
    kind: 'values',
    column,
    values: list(data.values, readValue),
    others: countOrZero(data.others)
  };
}

function readValue(data: Result): FacetValue {
  return {
    value: isCell(data.value) ? data.value : null,
    label: text(data.label),
    count: countOrZero(data.count),
    hits: countOrNull(data.hits)
  };
}

function readBin(data: Result): Bin {
  return {
    low: bound(data.low),
    high: bound(data.high),
    count: countOrZero(data.count),
    hits: countOrNull(data.hits)
  };
}

function bound(value: unknown): number | string {
  return typeof value === 'string' ? value : (numberOrNull(value) ?? 0);
}

function isCell(value: unknown): value is null | boolean | number | string {
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}

/** Reads members of messages, on top of what reads any JSON: what is missing is null or 0. */

import { count, number, records } from '../hits/json';

export { isRecord, text, texts } from '../hits/json';

export function list<T>(data: unknown, read: (one: Record<string, unknown>) => T): T[] {
  return records(data).map(one => read(one));
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function countOrNull(value: unknown): number | null {
  return count(value) ?? null;
}

export function countOrZero(value: unknown): number {
  return count(value) ?? 0;
}

export function numberOrNull(value: unknown): number | null {
  return number(value) ?? null;
}

/** Reads JSON that anybody may have written: a member of another type is as good as none. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Why a payload cannot be drawn: made by another version, or no payload at all. */
export type Unreadable = { kind: 'version'; version: string } | { kind: 'shape'; missing: string };

/** Say why `data` is no payload of version 1 with a list of `list`; null when it is one. */
export function unreadable(data: unknown, list: string): Unreadable | null {
  if (!isRecord(data)) {
    return { kind: 'shape', missing: 'object' };
  }
  if (data.version !== 1) {
    const { version } = data;
    const known = typeof version === 'string' || typeof version === 'number';
    return { kind: 'version', version: known ? String(version).slice(0, 20) : '?' };
  }
  return Array.isArray(data[list]) ? null : { kind: 'shape', missing: list };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A whole number from 0. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** Where a key leads in a grid of hits. */

export interface Shape {
  /** How many hits there are. */
  count: number;
  /** How many stand side by side. */
  across: number;
  /** How many rows are in sight. */
  page: number;
}

/** Return the hit to which `key` leads from `index`, or null when the key is for something else. */
export function moved(key: string, index: number, { count, across, page }: Shape): number | null {
  const steps: Record<string, number> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: across,
    ArrowUp: -across,
    PageDown: across * Math.max(page, 1),
    PageUp: -across * Math.max(page, 1),
    Home: -index,
    End: count - 1 - index
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  if (step === undefined || count === 0) {
    return null;
  }
  const to = index + step;
  if (to >= 0 && to < count) {
    return to;
  }
  if (key === 'PageDown' || (key === 'ArrowDown' && lastRow(to, across) && !lastRow(index, across))) {
    return count - 1;
  }
  return key === 'PageUp' ? index % across : index;

  function lastRow(at: number, wide: number): boolean {
    return Math.floor(at / wide) === Math.floor((count - 1) / wide);
  }
}

/** What the panel and the hits in it say, for all of its parts. */

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import { hitsStrings } from '../hits/strings';
import type { Strings } from '../hits/strings';
import { ENGLISH } from '../translation';
import type { Translator } from '../translation';
import { panelStrings } from './strings';
import type { PanelStrings } from './strings';

export interface Speech {
  panel: PanelStrings;
  hits: Strings;
}

export function speechOf(trans: Translator): Speech {
  return { panel: panelStrings(trans), hits: hitsStrings(trans) };
}

export const Spoken = createContext<Speech>(speechOf(ENGLISH));

export function useStrings(): PanelStrings {
  return useContext(Spoken).panel;
}

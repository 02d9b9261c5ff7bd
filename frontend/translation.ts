/** In which language a widget speaks: it is given nothing of Lab's, and asks by an event. */

import { isRecord } from './hits/json';

type Filled = string | number;

/** What is used of Lab's translator; `%1` in a sentence is filled in with the first value. */
export interface Translator {
  __(sentence: string, ...filled: Filled[]): string;
  /** `%1` is the count. */
  _n(one: string, more: string, count: number, ...filled: Filled[]): string;
}

/** The sentences as they stand. */
export const ENGLISH: Translator = {
  __: (sentence, ...filled) =>
    sentence.replace(/%(\d)/g, (_, at: string) => String(filled[Number(at) - 1])),
  _n: (one, more, count, ...filled) => ENGLISH.__(count === 1 ? one : more, count, ...filled)
};

const ASKED = 'mmrag:translator-asked';
const GIVEN = 'mmrag:translator';

/** Call `speak` when there is another language than English: at once, or once Lab is ready. */
export function onTranslator(speak: (trans: Translator) => void, signal: AbortSignal): void {
  const hear = (event: Event): void => {
    const given: unknown = event instanceof CustomEvent ? event.detail : null;
    if (isRecord(given) && isTranslator(given)) {
      // Lab loads its page again when the language changes.
      document.removeEventListener(GIVEN, hear);
      speak(checked(given));
    }
  };
  document.addEventListener(GIVEN, hear, { signal });
  document.dispatchEvent(new CustomEvent(ASKED));
}

/** Give Lab's translator to all that ask now or later. */
export function giveTranslator(trans: Translator): void {
  const give = (): void => void document.dispatchEvent(new CustomEvent(GIVEN, { detail: trans }));
  document.addEventListener(ASKED, give);
  give();
}

function isTranslator(given: object): given is Translator {
  return ['__', '_n'].every(name => typeof Reflect.get(given, name) === 'function');
}

/** A translation that is no text, or that leaves out a value, is not shown. */
function checked(trans: Translator): Translator {
  const sound = (said: unknown, filled: readonly Filled[]): said is string =>
    typeof said === 'string' && said !== '' && filled.every(one => said.includes(String(one)));
  const tried = (ask: () => unknown, filled: readonly Filled[], english: () => string): string => {
    try {
      const said = ask();
      return sound(said, filled) ? said : english();
    } catch {
      return english(); // a rule of plurals that cannot be read, or that the page forbids to make
    }
  };
  return {
    __: (sentence, ...filled) =>
      tried(
        () => trans.__(sentence, ...filled),
        filled,
        () => ENGLISH.__(sentence, ...filled)
      ),
    // One thing may be told without its number.
    _n: (one, more, count, ...filled) =>
      tried(
        () => trans._n(one, more, count, ...filled),
        filled,
        () => ENGLISH._n(one, more, count, ...filled)
      )
  };
}

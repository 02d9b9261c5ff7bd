/** How it stands with the kernel, in a sentence, with what can be done about it. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'preact';

import { VERSION } from '../protocol';
import type { LinkState } from './link';
import { LOAD_EXTENSION } from './magicline';
import type { Ways } from './ways';

const INSTALL = '%pip install mmrag-jupyter';

interface Props {
  panel: NotebookPanel | null;
  state: LinkState | null;
  busy: boolean;
  ways: Ways;
  trans: TranslationBundle;
}

interface Way {
  label: string;
  go(): void;
}

interface Said {
  sentence: string;
  way?: Way;
  alarming?: boolean;
}

export function Standing(props: Props): JSX.Element {
  const said = sayings(props);
  return (
    <div class="jp-mmrag-standing" role="status">
      {said.map(({ sentence, way, alarming }) => (
        <div key={sentence} class={alarming ? 'jp-mmrag-said jp-mod-alarming' : 'jp-mmrag-said'}>
          <p dir="auto">{sentence}</p>
          {way !== undefined && (
            <button type="button" class="jp-mod-styled jp-mod-accept" onClick={() => way.go()}>
              {way.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

function sayings({ panel, state, busy, ways, trans }: Props): Said[] {
  if (panel === null || state === null) {
    return [
      {
        sentence: trans.__('Open a notebook to search its collections here.'),
        way: { label: trans.__('Open a tutorial…'), go: () => ways.openTutorial() }
      }
    ];
  }
  switch (state.kind) {
    case 'noKernel':
      return [
        {
          sentence: trans.__('This notebook has no kernel.'),
          way: { label: trans.__('Choose a kernel…'), go: () => ways.chooseKernel(panel) }
        }
      ];
    case 'starting':
      return [{ sentence: trans.__('The kernel is starting…') }];
    case 'restarting':
      return [{ sentence: trans.__('The kernel is restarting…') }];
    case 'dead':
      return [
        {
          sentence: trans.__('The kernel died. What was loaded is on disk and will be there again.'),
          way: { label: trans.__('Restart the kernel…'), go: () => ways.restart(panel) },
          alarming: true
        }
      ];
    case 'disconnected':
      return [
        {
          sentence: trans.__('The connection to the kernel is lost; this goes on when it is back.'),
          alarming: true
        }
      ];
    case 'otherLanguage':
      return [
        {
          sentence: trans.__(
            'The kernel of this notebook runs %1. Multimodal search needs Python.',
            state.language
          )
        }
      ];
    case 'asking':
      return [
        {
          sentence: busy
            ? trans.__('A cell is running; the kernel answers when it has finished.')
            : trans.__(
                'Asking the kernel… If a cell is running, it answers when that has finished.'
              )
        }
      ];
    case 'notLoaded':
      return [notLoaded(panel, state.missing, ways, trans)];
    case 'otherProtocol':
      return [
        {
          sentence: trans.__(
            'This kernel has mmrag_jupyter %1 and Lab has %2, which do not understand each other. Install the same version in both.',
            state.version || '?',
            VERSION
          ),
          alarming: true
        }
      ];
    case 'open':
      return open(state, busy, trans);
  }
}

function notLoaded(
  panel: NotebookPanel,
  missing: boolean,
  ways: Ways,
  trans: TranslationBundle
): Said {
  if (missing) {
    return {
      sentence: trans.__('The package mmrag_jupyter is not installed where this kernel runs.'),
      way: {
        label: trans.__('Insert %1', INSTALL),
        go: () => ways.insert(panel, INSTALL)
      },
      alarming: true
    };
  }
  return {
    sentence: trans.__('The extension is not loaded in the kernel of this notebook.'),
    way: {
      label: trans.__('Insert and run %1', LOAD_EXTENSION),
      go: () => ways.insertAndRun(panel, LOAD_EXTENSION)
    }
  };
}

function open(
  state: LinkState & { kind: 'open' },
  busy: boolean,
  trans: TranslationBundle
): Said[] {
  const said: Said[] = [];
  if (state.version !== VERSION) {
    said.push({
      sentence: trans.__(
        'This kernel has mmrag_jupyter %1, Lab has %2. Some things may not work until both are the same.',
        state.version,
        VERSION
      ),
      alarming: true
    });
  }
  if (busy && !state.whileRunning) {
    said.push({
      sentence: trans.__('A cell is running; this kernel answers when it has finished.')
    });
  }
  return said;
}

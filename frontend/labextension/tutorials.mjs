// Writes the tutorials without their outputs beside the built extension, for the launcher's card.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const folder = new URL('../../notebooks/', import.meta.url);
const names = readdirSync(folder)
  .filter(name => name.endsWith('.ipynb'))
  .sort();

const tutorials = names.map(name => {
  const notebook = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
  const cells = notebook.cells.map(cell => ({
    ...cell,
    metadata: {},
    ...(cell.cell_type === 'code' ? { outputs: [], execution_count: null } : {})
  }));
  const { kernelspec, language_info } = notebook.metadata;
  const metadata = { kernelspec, language_info };
  return { name, title: titleOf(cells) ?? name, notebook: { ...notebook, cells, metadata } };
});

const built = new URL('../lib/labextension/tutorials.json', import.meta.url);
writeFileSync(built, JSON.stringify(tutorials));

function titleOf(cells) {
  for (const cell of cells.filter(each => each.cell_type === 'markdown')) {
    const heading = /^# +(.+)$/m.exec([cell.source].flat().join(''));
    if (heading !== null) {
      return heading[1].trim();
    }
  }
  return null;
}

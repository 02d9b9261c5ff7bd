import { readFile, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

const built = '../mmrag_jupyter/widgets/static';

await build({
  entryPoints: { panel: 'panel/index.ts', loader: 'panel/loader.ts' },
  outdir: built,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact'
});

// A widget has one style sheet: that of the hits goes with that of the panel.
const sheets = await Promise.all(
  ['hits.css', 'panel.css'].map(name => readFile(`style/${name}`, 'utf8'))
);
const { code } = await transform(sheets.join('\n'), {
  loader: 'css',
  minify: true,
  legalComments: 'none'
});
await writeFile(`${built}/panel.css`, code);

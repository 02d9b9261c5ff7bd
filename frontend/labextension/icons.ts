/** Our icons, drawn in the theme's colours. */

import { LabIcon } from '@jupyterlab/ui-components';

const FRAME = 'M4 4h16a1 1 0 0 1 1 1v6h-2V6H5v9.6l4-4 3 3-1.4 1.4L9 14.4 5 18.4V18h5v2H4a1 1 0';
const LENS =
  'M16.5 12a4.5 4.5 0 0 1 3.6 7.2l2.1 2.1-1.4 1.4-2.1-2.1A4.5 4.5 0 1 1 16.5 12zm0 2a2.5 2.5 0';

/** Pictures under a lens: the sidebar, the commands and the launcher's card. */
export const searchIcon = new LabIcon({
  name: 'mmrag-jupyter:search',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">' +
    `<path class="jp-icon3 jp-icon-selectable" fill="#616161" d="${FRAME} 0 1-1-1V5a1 1 0 0 1 1-1z` +
    `M8 7a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z${LENS} 1 0 0 5 2.5 2.5 0 0 0 0-5z"/></svg>`
});

/** All plugins of the extension; each works without what is optional to it. */

import { coloursPlugin } from './colours';
import { completionPlugin } from './completion';
import { filebrowserPlugin } from './filebrowser';
import { results } from './mime';
import { linksPlugin, settingsPlugin } from './settings';
import { sidebarPlugin } from './sidebarplugin';
import { translatorPlugin } from './translatorplugin';
import { tutorialsPlugin } from './tutorials';

export default [
  results,
  settingsPlugin,
  linksPlugin,
  sidebarPlugin,
  filebrowserPlugin,
  tutorialsPlugin,
  completionPlugin,
  coloursPlugin,
  translatorPlugin
];

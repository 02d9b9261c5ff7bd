/** The ids of our commands. */

export const Commands = {
  load: 'mmrag:load',
  similar: 'mmrag:find-similar',
  sidebar: 'mmrag:show-sidebar',
  loadExtension: 'mmrag:load-extension',
  panel: 'mmrag:panel',
  tutorials: 'mmrag:tutorials'
} as const;

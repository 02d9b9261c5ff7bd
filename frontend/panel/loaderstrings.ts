/** What is said before the panel is there. */
export const LOADER_ENGLISH = {
  waiting:
    'The search panel waits for its kernel. Where there is none, or it was restarted, run this cell again.',
  again: 'Ask again',
  broken: (reason: string) => `The search panel could not be shown: ${reason}`
};

/** Where the translations of our sentences are found. */

export const DOMAIN = 'mmrag_jupyter';

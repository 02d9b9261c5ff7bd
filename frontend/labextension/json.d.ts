/** The tutorials, put beside the built extension by `tutorials.mjs`. */
declare module '*/tutorials.json' {
  const tutorials: { name: string; title: string; notebook: unknown }[];
  export default tutorials;
}

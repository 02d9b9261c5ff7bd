/** What keeps sounds in order: one plays at a time, and none that nobody sees. */

/** Sounds that can do nothing but be heard, and nothing that has to be fetched. */
const HARMLESS = /^(?:data:audio\/(?:ogg|mpeg|wav|mp4|webm);base64,|blob:)/i;

/** Return a URL that may be given to an `<audio>`, else null. */
export function harmlessSound(url: string | null): string | null {
  return url !== null && HARMLESS.test(url) ? url : null;
}

let playing: HTMLMediaElement | null = null;

/** Let go of whatever else plays. */
export function playsAlone(audio: HTMLMediaElement): void {
  if (playing !== audio) {
    playing?.pause();
  }
  playing = audio;
}

/** Stop a sound whenever it leaves the page's sight; returns what ends that, and stops it too. */
export function heardWhileSeen(audio: HTMLMediaElement, seen: Element): () => void {
  const watcher = new IntersectionObserver(entries => {
    if (entries.at(-1)?.isIntersecting === false) {
      audio.pause();
    }
  });
  watcher.observe(seen);
  return () => {
    watcher.disconnect();
    audio.pause();
    playing = playing === audio ? null : playing;
  };
}

/** The program of the watch thread: TypeScript beside TypeScript, JavaScript beside JavaScript. */
export const WATCH_FILE = import.meta.url.endsWith('.ts')
  ? new URL('./watch/main.ts', import.meta.url)
  : new URL('./watch/main.js', import.meta.url)

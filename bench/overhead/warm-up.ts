import { load } from './load.ts'

/** V8 goes on compiling for so long: after one second a `fetch` takes twice what it takes after five, with any agent. */
const SECONDS = 5
/**
 * And for so many requests: what each of them calls once becomes hot at the same moment, after some 10,000, and then V8
 * compiles for 40 to 80 ms, on the service's core. It throws the code away when the young generation is grown.
 */
const REQUESTS = 20_000

/** Loads a route until V8 has compiled what its requests call. */
export async function warmUp(port: number, route: string, core: number): Promise<void> {
  const { requests, perSecond } = await load(port, route, SECONDS, core)
  const seconds = Math.ceil((REQUESTS - requests) / perSecond)
  if (seconds > 0) await load(port, route, seconds, core)
}

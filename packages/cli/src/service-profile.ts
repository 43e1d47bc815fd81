import { CommandFailure } from './failure.ts'
import type { Environment } from './options.ts'

/** What is asked of a service. */
export interface ServiceProfileRequest {
  /** Its port of `/metrics`. */
  readonly url: string
  readonly kind: 'cpu' | 'heap'
  readonly seconds: number
  readonly environment: Environment
}

/** To reach the service, and for it to encode what it has sampled. */
const SPARE_MS = 20_000

/** Asks a service itself for a profile, as `go tool pprof` does; throws `CommandFailure` with its answer. */
export async function fetchServiceProfile(request: ServiceProfileRequest): Promise<Uint8Array> {
  const { url, kind, seconds, environment } = request
  const token = environment.CHOKEPOINT_PROFILE_TOKEN
  if (token === undefined) {
    throw new CommandFailure(
      'CHOKEPOINT_PROFILE_TOKEN is not set: the service gives no profile without it',
    )
  }
  const path = `debug/pprof/${kind === 'cpu' ? 'profile' : 'heap'}?seconds=${seconds}`
  const response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
    signal: AbortSignal.timeout(seconds * 1000 + SPARE_MS),
  }).catch((error: Error) => {
    const why = error.cause instanceof Error ? error.cause.message : error.message
    throw new CommandFailure(`cannot reach the service at ${url}: ${why}`, undefined, {
      cause: error,
    })
  })
  if (response.status === 200) return response.bytes()
  const reason = (await response.text()).trim()
  throw new CommandFailure(`the service gave no ${kind} profile: ${response.status} ${reason}`)
}

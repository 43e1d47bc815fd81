import { requestProfile } from '@chokepoint/analyzer'
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

/** Asks a service itself for a profile, as `go tool pprof` does; throws `CommandFailure` with its answer. */
export async function fetchServiceProfile(request: ServiceProfileRequest): Promise<Uint8Array> {
  const { url, kind, seconds, environment } = request
  const token = environment.CHOKEPOINT_PROFILE_TOKEN
  if (token === undefined) {
    throw new CommandFailure(
      'CHOKEPOINT_PROFILE_TOKEN is not set: the service gives no profile without it',
    )
  }
  const response = await requestProfile({ url, token }, kind, seconds).catch((cause: Error) => {
    const message = `cannot reach the service at ${url}: ${cause.message}`
    throw new CommandFailure(message, undefined, { cause })
  })
  if (response.status === 200) return response.bytes()
  const reason = (await response.text()).trim()
  throw new CommandFailure(`the service gave no ${kind} profile: ${response.status} ${reason}`)
}

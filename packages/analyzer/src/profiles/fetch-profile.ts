import type { ProfileKind } from '../model/profile.ts'

/** A service that gives profiles to who knows its token. */
export interface ProfileTarget {
  /** Its `service.name`. */
  readonly service: string
  /** The address of its port of `/metrics`. */
  readonly url: string
  readonly token: string
  /** Whose it is, where there are tenants. */
  readonly tenant: string | null
}

export interface ProfileRequest {
  readonly target: ProfileTarget
  readonly kind: ProfileKind
  readonly seconds: number
  readonly bytesMax: number
  readonly signal: AbortSignal
}

/** Asks a service for a profile; rejects with a sentence that says why there is none. */
export type FetchProfile = (request: ProfileRequest) => Promise<Uint8Array>

/** The names that Go's `net/http/pprof` has made usual. */
const PATHS: Readonly<Record<ProfileKind, string>> = { cpu: 'profile', heap: 'heap' }
/** To reach the service, and for it to encode what it has sampled. */
const SPARE_MS = 20_000
const REASON_LENGTH_MAX = 200

/**
 * Asks for `/debug/pprof/…` beside a service's `/metrics`, and gives its answer, whatever it is; rejects with the reason
 * when there is none. Redirects are not followed: they would carry the token away.
 */
export async function requestProfile(
  { url, token }: Pick<ProfileTarget, 'url' | 'token'>,
  kind: ProfileKind,
  seconds: number,
  signal?: AbortSignal,
): Promise<Response> {
  const base = url.endsWith('/') ? url : `${url}/`
  const tooLate = AbortSignal.timeout(seconds * 1000 + SPARE_MS)
  return fetch(new URL(`debug/pprof/${PATHS[kind]}?seconds=${seconds}`, base), {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
    signal: signal === undefined ? tooLate : AbortSignal.any([signal, tooLate]),
  }).catch((error: Error) => {
    throw error.cause instanceof Error ? error.cause : error
  })
}

/** Takes a gzipped pprof file from a target, of no more than `bytesMax`. */
export const fetchProfile: FetchProfile = async (request) => {
  const { target, kind, seconds, bytesMax, signal } = request
  const response = await requestProfile(target, kind, seconds, signal)
  const body = await readBounded(response, bytesMax)
  if (response.status !== 200) {
    const reason = Buffer.from(body).toString().trim().slice(0, REASON_LENGTH_MAX)
    throw new Error(`it answered ${response.status} ${reason}`.trim())
  }
  // RFC 1952: "ID1 (IDentification 1), ID2 (IDentification 2): These have the fixed values ID1 = 31, ID2 = 139".
  if (body[0] !== 31 || body[1] !== 139) throw new Error('its answer is no gzipped pprof file')
  return body
}

async function readBounded({ body }: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error(`its answer is longer than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

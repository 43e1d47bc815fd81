import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ProfileKind, TakeProfile } from '../profiles/profile-taker.ts'

/** What is answered to a request for a profile. */
export interface PprofAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

const PREFIX = '/debug/pprof/'
/** The names that Go's `net/http/pprof` has made usual, so that `go tool pprof URL` and scrapers know them. */
const KINDS: ReadonlyMap<string, ProfileKind> = new Map([
  ['profile', 'cpu'],
  ['heap', 'heap'],
])
const SECONDS_MAX = 300

export interface PprofRouteOptions {
  readonly token: string
  /** When the request names none. */
  readonly seconds: number
  readonly take: TakeProfile
}

/** Answers requests for profiles to those who know the token; undefined for what is no such request. */
export type PprofRoute = (request: IncomingMessage) => Promise<PprofAnswer> | undefined

/**
 * `GET /debug/pprof/profile?seconds=10` and `/heap`, with the token as `Authorization: Bearer TOKEN`, or as the
 * password of `Basic` for tools that can only put it into the URL.
 */
export function createPprofRoute(options: PprofRouteOptions): PprofRoute {
  const wanted = digest(options.token)
  return (request) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (!path.startsWith(PREFIX)) return undefined
    const given = readToken(request.headers.authorization)
    if (given === undefined || !timingSafeEqual(digest(given), wanted)) {
      const headers = { 'www-authenticate': 'Basic realm="profiles", charset="UTF-8"' }
      return refuse(401, 'the token is missing or wrong', headers)
    }
    const kind = KINDS.get(path.slice(PREFIX.length))
    if (kind === undefined) return refuse(404, `there are ${Array.from(KINDS.keys()).join(', ')}`)
    if (request.method !== 'GET') return refuse(405, 'only GET', { allow: 'GET' })
    const seconds = Number(new URLSearchParams(query).get('seconds') ?? options.seconds)
    if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
      return refuse(400, `seconds is a number above 0 and at most ${SECONDS_MAX}`)
    }
    return answer(options.take, kind, seconds)
  }
}

async function answer(take: TakeProfile, kind: ProfileKind, seconds: number): Promise<PprofAnswer> {
  try {
    const body = await take(kind, seconds)
    const name = `attachment; filename="${kind}.pb.gz"`
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': name,
      'x-content-type-options': 'nosniff',
    }
    return { status: 200, headers, body }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const isBusy = error instanceof Error && error.name === 'ProfileBusyError'
    return refuse(isBusy ? 409 : 503, reason)
  }
}

async function refuse(
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PprofAnswer> {
  const type = { 'content-type': 'text/plain; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: `${reason}\n` }
}

function readToken(authorization = ''): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

/** Of one length whatever the text, so that they can be compared in constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

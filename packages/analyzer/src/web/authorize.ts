import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { ChokepointError } from '../model/errors.ts'

/** Throws `UNAUTHORIZED` unless the request carries one of the tokens; without tokens, all may pass. */
export function createAuthorizer(tokens: readonly string[]): (request: FastifyRequest) => void {
  const digests = tokens.map(digest)
  return (request) => {
    if (digests.length === 0) return
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const given = digest(token ?? '')
    // Each is compared, in constant time, so that time tells nothing about a token.
    const matches = digests.filter((known) => timingSafeEqual(known, given))
    if (token === undefined || matches.length === 0) {
      throw new ChokepointError(
        'UNAUTHORIZED',
        'a valid token is needed in the header Authorization: Bearer TOKEN',
      )
    }
  }
}

/**
 * Refuses, with `FORBIDDEN`, a write that a page of another site sends with the user's browser. Programs send no
 * `Sec-Fetch-Site` and are let through.
 */
export function refuseCrossSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new ChokepointError('FORBIDDEN', `a ${String(site)} page may not change anything here`)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

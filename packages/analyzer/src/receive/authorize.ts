import { createHash, timingSafeEqual } from 'node:crypto'
import { ChokepointError } from '../model/errors.ts'

/** Who may send. */
export interface ReceiveAuth {
  /** Bearer tokens; with none, everybody may send. */
  readonly tokens: readonly string[]
}

/** Throws UNAUTHORIZED unless the `Authorization` header carries one of the tokens. */
export function authorize(header: string | undefined, auth: ReceiveAuth): void {
  if (auth.tokens.length === 0) return
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  const sent = digest(given ?? '')
  // All are compared, each in the same time, so that the answer's delay tells nothing about a token.
  const matches = auth.tokens.filter((token) => timingSafeEqual(digest(token), sent))
  if (given === undefined || matches.length === 0) {
    throw new ChokepointError(
      'UNAUTHORIZED',
      'the Authorization header carries no valid bearer token',
    )
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

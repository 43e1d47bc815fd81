import type { FastifyReply } from 'fastify'
import type { ErrorAnswer } from './error-types.ts'

export const JSON_TYPE = 'application/json'

/** What a handler gives back; warnings and infos are those of a query. */
export interface ApiAnswer {
  readonly data: unknown
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** Prometheus' envelope around an answer, which Chokepoint's own endpoints use too. */
export function sendAnswer(reply: FastifyReply, answer: ApiAnswer): FastifyReply {
  const { data, warnings = [], infos = [] } = answer
  const body = {
    status: 'success',
    data,
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(infos.length > 0 ? { infos } : {}),
  }
  return reply.type(JSON_TYPE).send(JSON.stringify(body))
}

export function sendError(reply: FastifyReply, answer: ErrorAnswer): FastifyReply {
  const { status, errorType, error } = answer
  return reply
    .code(status)
    .type(JSON_TYPE)
    .send(JSON.stringify({ status: 'error', errorType, error }))
}

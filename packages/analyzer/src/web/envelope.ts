import type { FastifyReply } from 'fastify'
import type { ErrorAnswer } from './error-types.ts'

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
  return sendJson(reply, body)
}

export function sendError(reply: FastifyReply, answer: ErrorAnswer): FastifyReply {
  const { status, errorType, error } = answer
  return sendJson(reply.code(status), { status: 'error', errorType, error })
}

/** Sends JSON with exactly Prometheus' content type: a serializer of our own keeps fastify's charset off. */
function sendJson(reply: FastifyReply, body: object): FastifyReply {
  return reply
    .header('content-type', 'application/json')
    .serializer((text: string) => text)
    .send(JSON.stringify(body))
}

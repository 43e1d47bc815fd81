import type { FastifyReply } from 'fastify'
import type { ErrorAnswer } from './error-types.ts'
import { JsonText } from './json-text.ts'

/** What a handler gives back; warnings and infos are those of a query. */
export interface ApiAnswer {
  readonly data: unknown
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** Prometheus' envelope around an answer, which Chokepoint's own endpoints use too. */
export function sendAnswer(reply: FastifyReply, answer: ApiAnswer): FastifyReply {
  const { data, warnings = [], infos = [] } = answer
  const text = data instanceof JsonText ? data.text : JSON.stringify(data)
  const notes = [
    ...(warnings.length > 0 ? [`,"warnings":${JSON.stringify(warnings)}`] : []),
    ...(infos.length > 0 ? [`,"infos":${JSON.stringify(infos)}`] : []),
  ]
  return sendText(reply, `{"status":"success","data":${text}${notes.join('')}}`)
}

export function sendError(reply: FastifyReply, answer: ErrorAnswer): FastifyReply {
  const { status, errorType, error } = answer
  return sendText(reply.code(status), JSON.stringify({ status: 'error', errorType, error }))
}

/** Sends JSON with exactly Prometheus' content type: a serializer of our own keeps fastify's charset off. */
function sendText(reply: FastifyReply, body: string): FastifyReply {
  return reply
    .header('content-type', 'application/json')
    .serializer((text: string) => text)
    .send(body)
}

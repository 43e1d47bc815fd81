import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
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
  const pieces = data instanceof JsonText ? data.pieces : [JSON.stringify(data)]
  const notes = [
    ...(warnings.length > 0 ? [`,"warnings":${JSON.stringify(warnings)}`] : []),
    ...(infos.length > 0 ? [`,"infos":${JSON.stringify(infos)}`] : []),
  ]
  return sendPieces(reply, 'application/json', [
    '{"status":"success","data":',
    ...pieces,
    `${notes.join('')}}`,
  ])
}

export function sendError(reply: FastifyReply, answer: ErrorAnswer): FastifyReply {
  const { status, errorType, error } = answer
  return sendText(
    reply.code(status),
    'application/json',
    JSON.stringify({ status: 'error', errorType, error }),
  )
}

/** From here on to copy a text into bytes in one go would hold others up for milliseconds. */
const ONE_TEXT_MAX = 512 * 1024

/** Sends a text that may be long. */
export function sendPieces(
  reply: FastifyReply,
  mediaType: string,
  pieces: readonly string[],
): FastifyReply {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (length <= ONE_TEXT_MAX) return sendText(reply, mediaType, pieces.join(''))
  return reply.header('content-type', mediaType).send(Readable.from(unhurried(pieces)))
}

/** The pieces one by one, with others served after each. */
async function* unhurried(pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece
    await setImmediate()
  }
}

/** Sends a text with exactly this content type: a serializer of our own keeps fastify's charset off. */
function sendText(reply: FastifyReply, mediaType: string, body: string): FastifyReply {
  return reply
    .header('content-type', mediaType)
    .serializer((text: string) => text)
    .send(body)
}

import { pipeline, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Below this a reply fits in a packet or two, and packing it only costs time. */
const COMPRESS_BYTES_MIN = 1500

/** Fast rather than small: the reader is near. */
const LEVEL = 4

const gzipped = promisify(gzip)

/** Packs a reply's text, or what streams as text, with gzip for whoever takes it, off the main thread. */
export async function compressReply(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  const accepts = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const isLong = typeof payload === 'string' && payload.length >= COMPRESS_BYTES_MIN
  if (!isLong && !(payload instanceof Readable)) return payload
  if (reply.hasHeader('content-encoding')) return payload
  reply.header('vary', 'accept-encoding')
  if (!accepts || request.method === 'HEAD') return payload
  if (!isLong) {
    reply.header('content-encoding', 'gzip')
    // A reader who goes away ends both; there is nobody left to tell of it.
    return pipeline(payload as Readable, createGzip({ level: LEVEL }), () => {})
  }
  const packed = await gzipped(payload, { level: LEVEL })
  reply.header('content-encoding', 'gzip').header('content-length', packed.length)
  return packed
}

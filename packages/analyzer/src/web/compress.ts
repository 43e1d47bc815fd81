import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Below this a reply fits in a packet or two, and packing it only costs time. */
const COMPRESS_BYTES_MIN = 1500

const gzipped = promisify(gzip)

/** Packs a reply's text with gzip for whoever takes it, off the main thread. */
export async function compressReply(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  const accepts = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (typeof payload !== 'string' || payload.length < COMPRESS_BYTES_MIN) return payload
  reply.header('vary', 'accept-encoding')
  if (!accepts || request.method === 'HEAD') return payload
  const packed = await gzipped(payload, { level: 4 })
  reply.header('content-encoding', 'gzip').header('content-length', packed.length)
  return packed
}

import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { ChokepointError } from '../model/errors.ts'
import type { BodyBuffers } from './body-buffers.ts'
import { type Body, GatheredBody } from './gathered-body.ts'
import type { ReceiveLimits } from './limits.ts'

const INFLATERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  // What the Collector calls it.
  zlib: () => createInflate(),
  zstd: () => createZstdDecompress(),
}

/** Encodings that `inflateBody` undoes, besides none. */
export const ENCODINGS: readonly string[] = Object.keys(INFLATERS)

// Small bodies may compress very well by chance; a ratio says something only above this.
const RATIO_FLOOR_BYTES = 1024 * 1024

/**
 * Undoes a `Content-Encoding`. The output is counted as it comes out, so a bomb is refused after the limit's
 * bytes, not after its own. Throws MEDIA_TYPE, BODY_TOO_LARGE or BODY_INVALID.
 */
export async function inflateBody(
  body: Uint8Array,
  encoding: string,
  limits: ReceiveLimits,
  buffers: BodyBuffers,
): Promise<Body> {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return { bytes: body, giveBack: () => {} }
  const create = Object.hasOwn(INFLATERS, name) ? INFLATERS[name] : undefined
  if (create === undefined) {
    throw new ChokepointError(
      'MEDIA_TYPE',
      `cannot read a body with content-encoding ${JSON.stringify(encoding)}: ${ENCODINGS.join(', ')} and identity are supported`,
    )
  }
  const bytesMax = Math.min(
    limits.inflatedBytesMax,
    Math.max(RATIO_FLOOR_BYTES, body.length * limits.inflateRatioMax),
  )
  const inflater = create()
  const inflated = new GatheredBody(buffers, 0)
  inflater.end(body)
  try {
    for await (const chunk of inflater) {
      const piece = chunk as Buffer
      if (inflated.length + piece.length > bytesMax) {
        throw new ChokepointError(
          'BODY_TOO_LARGE',
          `cannot take the ${name} body: ${body.length} bytes inflate to more than ${bytesMax}`,
        )
      }
      inflated.append(piece)
    }
  } catch (error) {
    if (error instanceof ChokepointError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new ChokepointError('BODY_INVALID', `cannot inflate the ${name} body: ${why}`, {
      cause: error,
    })
  } finally {
    inflater.destroy()
  }
  return inflated
}

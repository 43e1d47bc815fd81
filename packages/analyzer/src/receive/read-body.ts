import type { Readable } from 'node:stream'
import { ChokepointError } from '../model/errors.ts'
import type { BodyBuffers } from './body-buffers.ts'

/** A body, and the buffer that it is the beginning of. */
export interface ReadBody {
  readonly bytes: Uint8Array
  readonly buffer: Buffer
}

const FIRST_BYTES = 64 * 1024

/**
 * Reads a request's body up to a limit; `announced` is its length if that is known, else 0. Throws BODY_TOO_LARGE,
 * or BODY_INVALID when the client goes away. A stream of HTTP/2 that is cancelled just ends, with what came so far.
 */
export async function readBody(
  request: Readable,
  announced: number,
  bytesMax: number,
  buffers: BodyBuffers,
): Promise<ReadBody> {
  if (announced > bytesMax) throw tooLarge(`${announced} bytes are announced`, bytesMax)
  // A body of known length is written into one buffer as it comes: collecting chunks needs its memory twice.
  let body = buffers.take(announced > 0 ? announced : FIRST_BYTES)
  let length = 0
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      if (length + chunk.length > bytesMax) {
        request.pause()
        request.removeAllListeners('data')
        reject(tooLarge('more came', bytesMax))
        return
      }
      if (length + chunk.length > body.length) {
        const grown = buffers.take(Math.max(length + chunk.length, body.length * 2))
        body.copy(grown, 0, 0, length)
        buffers.give(body)
        body = grown
      }
      chunk.copy(body, length)
      length += chunk.length
    })
    request.once('end', () => resolve({ bytes: body.subarray(0, length), buffer: body }))
    request.once('error', (error) => {
      const message = `the request ended after ${length} bytes`
      reject(new ChokepointError('BODY_INVALID', message, { cause: error }))
    })
  })
}

function tooLarge(what: string, bytesMax: number): ChokepointError {
  return new ChokepointError(
    'BODY_TOO_LARGE',
    `cannot take the body: ${what}, ${bytesMax} bytes are the limit`,
  )
}

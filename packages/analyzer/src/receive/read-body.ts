import type { Readable } from 'node:stream'
import { ChokepointError } from '../model/errors.ts'
import type { BodyBuffers } from './body-buffers.ts'
import { type Body, GatheredBody } from './gathered-body.ts'

/**
 * Reads a request's body up to a limit; `announced` is its length if that is known, else 0. Throws BODY_TOO_LARGE,
 * or BODY_INVALID when the client goes away. A stream of HTTP/2 that is cancelled just ends, with what came so far.
 */
export async function readBody(
  request: Readable,
  announced: number,
  bytesMax: number,
  buffers: BodyBuffers,
): Promise<Body> {
  if (announced > bytesMax) throw tooLarge(`${announced} bytes are announced`, bytesMax)
  const body = new GatheredBody(buffers, announced)
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      if (body.length + chunk.length > bytesMax) {
        request.pause()
        request.removeAllListeners('data')
        reject(tooLarge('more came', bytesMax))
        return
      }
      body.append(chunk)
    })
    request.once('end', () => resolve(body))
    request.once('error', (error) => {
      const message = `the request ended after ${body.length} bytes`
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

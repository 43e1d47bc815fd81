import type { IncomingMessage } from 'node:http'
import { ChokepointError } from '../model/errors.ts'

const FIRST_BYTES = 64 * 1024

/** Reads a request's body up to a limit. Throws BODY_TOO_LARGE, or BODY_INVALID when the client goes away. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(`${announced} bytes are announced`, bytesMax)
  // A body of known length is written into one buffer as it comes: collecting chunks needs its memory twice.
  let body = Buffer.allocUnsafe(announced > 0 ? announced : FIRST_BYTES)
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
        const grown = Buffer.allocUnsafe(Math.max(length + chunk.length, body.length * 2))
        body.copy(grown, 0, 0, length)
        body = grown
      }
      chunk.copy(body, length)
      length += chunk.length
    })
    request.once('end', () => resolve(body.subarray(0, length)))
    request.once('error', (error) => {
      reject(
        new ChokepointError('BODY_INVALID', `the request ended after ${length} bytes`, {
          cause: error,
        }),
      )
    })
  })
}

function tooLarge(what: string, bytesMax: number): ChokepointError {
  return new ChokepointError(
    'BODY_TOO_LARGE',
    `cannot take the body: ${what}, ${bytesMax} bytes are the limit`,
  )
}

import type { IncomingMessage } from 'node:http'
import { ChokepointError } from '../model/errors.ts'

/** Reads a request's body up to a limit. Throws BODY_TOO_LARGE, or BODY_INVALID when the client goes away. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(`${announced} bytes are announced`, bytesMax)
  const chunks: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > bytesMax) {
        request.pause()
        request.removeAllListeners('data')
        reject(tooLarge('more came', bytesMax))
        return
      }
      chunks.push(chunk)
    })
    request.once('end', () => {
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))
    })
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

import { writeSync } from 'node:fs'

const STDOUT = 1
const TRIES_MAX = 100

/** Writes a request as one line on standard output, for `OTEL_*_EXPORTER=console`. Answers as a receiver would. */
export async function writeToConsole(body: Uint8Array) {
  const line = Buffer.concat([body, Buffer.from('\n')])
  for (let written = 0, tries = 0; written < line.length; ) {
    try {
      written += writeSync(STDOUT, line, written)
    } catch (error) {
      // Whoever reads the pipe is slow.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || ++tries > TRIES_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return { status: 200, retryAfter: undefined, body: new Uint8Array() }
}

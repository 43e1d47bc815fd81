import { Socket } from 'node:net'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { expect } from 'chai'
import pg from 'pg'
import { MultiplexedPGlite } from '../multiplexed-pglite.ts'

/** A connection on which every protocol message arrives in a packet of its own, with a pause between. */
class SlowSocket extends Socket {
  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    setTimeout(() => super._write(chunk, encoding, done), 2)
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    const [first, ...rest] = chunks
    if (first === undefined) done()
    else {
      this._write(first.chunk, first.encoding, (error) =>
        error ? done(error) : this._writev(rest, done),
      )
    }
  }
}

type Done = (error?: Error | null) => void

describe('MultiplexedPGlite', () => {
  it('answers each of eight clients with its own rows when their messages mix', async () => {
    const db = new MultiplexedPGlite()
    const server = new PGLiteSocketServer({ db, port: 0, maxConnections: 10 })
    await server.start()
    const pool = new pg.Pool({
      connectionString: `postgres://postgres@${server.getServerConn()}/postgres`,
      max: 8,
      stream: () => new SlowSocket(),
    })
    try {
      const numbers = Array.from({ length: 200 }, (_, n) => n)
      // Two statements of different shape: a mixed-up batch answers with the wrong columns or an error.
      const answers = await Promise.all(
        numbers.map((n) =>
          n % 2 === 0
            ? pool.query('SELECT $1::int AS even', [n])
            : pool.query('SELECT $1::text AS odd, $2::int AS twice', [String(n), n * 2]),
        ),
      )
      expect(answers.map((answer) => answer.rows[0])).to.deep.equal(
        numbers.map((n) => (n % 2 === 0 ? { even: n } : { odd: String(n), twice: n * 2 })),
      )
    } finally {
      await pool.end()
      await server.stop()
      await db.close()
    }
  })
})

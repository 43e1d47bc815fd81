// The shop's database: a real PostgreSQL (PGlite, in this process) that speaks its own protocol on a socket.
// With DATABASE_URL set it only puts the tables on that server and ends.
import { readFile } from 'node:fs/promises'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import pg from 'pg'
import { MultiplexedPGlite } from './multiplexed-pglite.ts'
import { announce, wantedPort } from './service.ts'

const CLIENTS_MAX = 20

const schema = await readFile(new URL('schema.sql', import.meta.url), 'utf8')
const external = process.env.DATABASE_URL

if (external !== undefined && external !== '') {
  const client = new pg.Client({ connectionString: external })
  await client.connect()
  await client.query(schema)
  await client.end()
  console.log('database: the tables are on the server of DATABASE_URL')
} else {
  const db = new MultiplexedPGlite()
  await db.exec(schema)
  const server = new PGLiteSocketServer({ db, port: wantedPort(), maxConnections: CLIENTS_MAX })
  await server.start()
  announce('database', `postgres://postgres@${server.getServerConn()}/postgres`, async () => {
    await server.stop()
    await db.close()
  })
}

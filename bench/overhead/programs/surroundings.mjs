// What the service talks to, in a process of its own: an upstream, a database, and a sink for all telemetry.
import { createServer } from 'node:http'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

function listen(server) {
  // Kept connections are not closed while a crowded machine makes everybody late.
  server.keepAliveTimeout = 60_000
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}

const upstream = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end('{"answer":42}')
})
let sunkBytes = 0
const sink = createServer((request, response) => {
  request.on('data', (chunk) => {
    sunkBytes += chunk.length
  })
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
})
const database = new PGLiteSocketServer({ db: await PGlite.create(), port: 0, host: '127.0.0.1' })
const [upstreamPort, sinkPort] = await Promise.all([listen(upstream), listen(sink)])
await database.start()
process.send({
  upstreamPort,
  sinkPort,
  databasePort: Number(database.getServerConn().split(':')[1]),
})
process.on('message', () => process.send({ sunkBytes }))
process.on('disconnect', () => process.exit())

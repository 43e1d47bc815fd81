// What the service talks to, in a process of its own: an upstream, a database, and a sink for all telemetry. Its arguments
// are a free port and the database's name, empty for whichever is there.
import { createServer } from 'node:http'
import { startDatabase } from './databases.mjs'

function listen(server) {
  // Kept connections are not closed while a crowded machine makes everybody late.
  server.keepAliveTimeout = 60_000
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}

const [port, wanted] = process.argv.slice(2)
const starting = startDatabase(wanted, Number(port))
process.on('disconnect', async () => {
  await (await starting).stop()
  process.exit()
})
const upstream = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end('{"answer":42}')
})
const sink = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    // As a Collector answers: in the encoding of the request, in which nothing is no byte of protobuf.
    const type = request.headers['content-type'] ?? 'application/json'
    response.setHeader('content-type', type)
    response.end(type === 'application/json' ? '{}' : undefined)
  })
})
const [upstreamPort, sinkPort] = await Promise.all([listen(upstream), listen(sink)])
const { name, port: databasePort, connections } = await starting
const database = { name, connections }
if (process.connected) process.send({ upstreamPort, sinkPort, databasePort, database })

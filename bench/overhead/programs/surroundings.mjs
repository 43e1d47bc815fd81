// What the service talks to, in a process of its own: an upstream, a database, and a sink for all telemetry. Its arguments
// are a free port and the database's name, empty for whichever is there.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { startDatabase } from './databases.mjs'

async function startUpstream() {
  const upstream = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('{"answer":42}')
  })
  // Kept connections are not closed while a crowded machine makes everybody late.
  upstream.keepAliveTimeout = 60_000
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return upstream.address().port
}

/**
 * The sink takes what time the others leave: it shares a core with the client, which would be late whenever an agent has
 * sent something, and elsewhere a Collector is on another machine.
 */
async function startSink() {
  const program = join(import.meta.dirname, 'sink.mjs')
  const sink = fork(program, [], { execPath: 'chrt', execArgv: ['--idle', '0', process.execPath] })
  const [answer] = await Promise.race([once(sink, 'message'), once(sink, 'exit')])
  if (answer?.sinkPort === undefined)
    throw new Error(`the sink ended with ${answer} before it was ready`)
  return answer.sinkPort
}

const [port, wanted] = process.argv.slice(2)
const starting = startDatabase(wanted, Number(port))
process.on('disconnect', async () => {
  await (await starting).stop()
  process.exit()
})
const [upstreamPort, sinkPort] = await Promise.all([startUpstream(), startSink()])
const { name, port: databasePort, connections } = await starting
const database = { name, connections }
if (process.connected) process.send({ upstreamPort, sinkPort, databasePort, database })

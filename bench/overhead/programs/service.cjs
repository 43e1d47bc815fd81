// The service that is measured. It is CommonJS, because the peers patch CommonJS without a loader hook.
'use strict'
const { getHeapSpaceStatistics } = require('node:v8')
const fastify = require('fastify')
const pg = require('pg')

const app = fastify()
const { UPSTREAM_PORT, DATABASE_PORT } = process.env
const upstream = `http://127.0.0.1:${UPSTREAM_PORT}/`
const pool = new pg.Pool({
  host: '127.0.0.1',
  port: Number(DATABASE_PORT),
  user: 'postgres',
  database: 'postgres',
  max: Number(process.env.DATABASE_CONNECTIONS),
})
// About 0.3 ms of JSON work.
const document = Array.from({ length: 160 }, (_, id) => ({
  id,
  name: `item ${id}`,
  tags: ['a', 'b', 'c'],
}))

app.get('/plain', async () => ({ hello: 'world' }))
app.get('/work', async () => {
  let bytes = 0
  for (let round = 0; round < 6; round++)
    bytes += JSON.stringify(JSON.parse(JSON.stringify(document))).length
  return { bytes }
})
app.get('/call', async () => {
  const answer = await fetch(upstream)
  return answer.json()
})
app.get('/db', async () => {
  const { rows } = await pool.query('SELECT $1::int AS id', [7])
  return rows
})

process.on('message', async (message) => {
  if (message.block !== undefined) return block(message.block)
  const { rss: rssBytes, external: externalBytes } = process.memoryUsage()
  const spaces = getHeapSpaceStatistics()
  const young = spaces.filter(({ space_name }) => space_name.startsWith('new_'))
  const sum = (list) => list.reduce((bytes, space) => bytes + space.physical_space_size, 0)
  const youngBytes = sum(young)
  const oldBytes = sum(spaces) - youngBytes
  const heapBytes = await heapFloor()
  process.send({ rssBytes, heapBytes, youngBytes, oldBytes, externalBytes })
})
function block(ms) {
  for (const endMs = performance.now() + ms; performance.now() < endMs; ) JSON.stringify(document)
}
// What only finalizers let go of is gone after the second collection.
async function heapFloor() {
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
// A bench that was killed takes its services with it.
process.on('disconnect', () => process.exit())
// The channel to the bench must not keep the service alive when its exit is measured.
process.channel.unref()
app
  .listen({ port: 0, host: '127.0.0.1' })
  .then(() => process.send({ port: app.server.address().port }))

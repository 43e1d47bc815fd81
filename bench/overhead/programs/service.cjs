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

/** Objects that survive a round, about 10 MB; after so many rounds without growth there is none. */
const SURVIVORS = 100_000
const GROWTH_ENDED = 12

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
  if (message === 'grow') return process.send(await growYoung())
  const { rss: rssBytes, external: externalBytes } = process.memoryUsage()
  const sum = (list) => list.reduce((bytes, space) => bytes + space.physical_space_size, 0)
  const youngBytes = sum(youngSpaces())
  const oldBytes = sum(getHeapSpaceStatistics()) - youngBytes
  const heapBytes = await heapFloor()
  process.send({ rssBytes, heapBytes, youngBytes, oldBytes, externalBytes })
})
function youngSpaces() {
  return getHeapSpaceStatistics().filter(({ space_name }) => space_name.startsWith('new_'))
}
function block(ms) {
  for (const endMs = performance.now() + ms; performance.now() < endMs; ) JSON.stringify(document)
}
/**
 * Brings the young generation to its bound, where survivors bring it in time. What a start and a forced collection leave
 * is chance, 2 to 32 MB, and decides how often requests wait for a minor collection.
 */
async function growYoung() {
  let grownBytes = 0
  for (let unchanged = 0; unchanged < GROWTH_ENDED; ) {
    // Not by an expression: of one whose objects survive V8 makes further ones in the old generation at once.
    const survivors = Array.from({ length: SURVIVORS }, () => JSON.parse('{"pair":[1,2]}'))
    const bytes = youngSpaces().reduce((sum, space) => sum + space.space_size, 0)
    unchanged = bytes > grownBytes && survivors.length > 0 ? 0 : unchanged + 1
    grownBytes = Math.max(grownBytes, bytes)
    // In pieces: a loop that is blocked for longer has a stall profile taken of it.
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  globalThis.gc()
  return { grownBytes }
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

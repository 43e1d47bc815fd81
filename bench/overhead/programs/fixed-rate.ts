// Offers requests at a fixed rate, whether the service keeps up or not, and counts each latency from the moment when
// the request was due: so a service that stalls cannot hide the requests that it made wait (no coordinated omission).
// It turns without a pause on its core, because a timer is a millisecond late. What was due in its first seconds does
// not count: until V8 has compiled this program it stalls by itself, for 0.1 s in all, and in a window of two seconds
// that is a p99 of 7 ms of which the service has no part.
//
//   node bench/overhead/programs/fixed-rate.ts PORT ROUTE RATE_PER_SECOND SECONDS
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const [port, route, rate, seconds] = process.argv.slice(2)
const WARM_SECONDS = 2
const warmRequests = Math.round(Number(rate) * WARM_SECONDS)
const requestsAll = warmRequests + Math.round(Number(rate) * Number(seconds))
const gapMs = 1000 / Number(rate)
const CONNECTIONS = 64
const DRAIN_MS = 3000
const asked = Buffer.from(`GET ${route} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)

interface Connection {
  readonly socket: Socket
  /** Which request it carries, counted from the first. */
  carries: number
  received: number
}

const idle: Connection[] = []
const waiting: number[] = []
/** Of each request, by its number; those without an answer so far have none. */
const latenciesMs = new Float64Array(requestsAll).fill(Number.NaN)
let answered = 0
let failed = 0
let waitingFrom = 0
let answerBytes = 0

answerBytes = await lengthOfAnswer()
for (let index = 0; index < CONNECTIONS; index++) idle.push(await open())
const startMs = performance.now()
let offered = 0
turn()
while (offered < requestsAll) await delay(50)
const endMs = performance.now() + DRAIN_MS
while (answered < requestsAll && performance.now() < endMs) await delay(20)
// What has not been answered by now took at least so long.
const counted = latenciesMs
  .map((took, request) => (Number.isNaN(took) ? latenessOf(request) : took))
  .subarray(warmRequests)
  .sort()
const at = (part: number): number => counted[Math.floor((counted.length - 1) * part)]!
console.log(JSON.stringify({ failed, p50Ms: at(0.5), p99Ms: at(0.99) }))
process.exit()

function turn(): void {
  const nowMs = performance.now()
  for (; offered < requestsAll && startMs + offered * gapMs <= nowMs; offered++) {
    const connection = idle.pop()
    if (connection === undefined) waiting.push(offered)
    else send(connection, offered)
  }
  if (offered < requestsAll || answered < requestsAll) setImmediate(turn)
}

/** How long ago a request was due. */
function latenessOf(request: number): number {
  return performance.now() - (startMs + request * gapMs)
}

function send(connection: Connection, request: number): void {
  connection.carries = request
  connection.received = 0
  connection.socket.write(asked)
}

async function open(): Promise<Connection> {
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  const connection = { socket, carries: 0, received: 0 }
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.on('data', (chunk) => receive(connection, chunk))
  return connection
}

function receive(connection: Connection, chunk: Buffer): void {
  if (connection.received === 0 && chunk.toString('latin1', 9, 12) !== '200') failed++
  connection.received += chunk.length
  if (connection.received < answerBytes) return
  latenciesMs[connection.carries] = latenessOf(connection.carries)
  answered++
  const next = waiting[waitingFrom]
  if (next === undefined) {
    idle.push(connection)
    return
  }
  waitingFrom++
  send(connection, next)
}

/** All answers of a route are equally long here, headers and all. */
async function lengthOfAnswer(): Promise<number> {
  const socket = connect(Number(port), '127.0.0.1')
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  socket.write(asked)
  await delay(500)
  socket.destroy()
  if (received === 0) throw new Error(`no answer from ${route}`)
  return received
}

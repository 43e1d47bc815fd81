// Offers requests at a fixed rate, whether the service keeps up or not, and counts each latency from the moment when
// the request was due: so a service that stalls cannot hide the requests that it made wait (no coordinated omission).
// It turns without a pause on its core, because a timer is a millisecond late.
//
//   node bench/overhead/programs/fixed-rate.ts PORT ROUTE RATE_PER_SECOND SECONDS
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const [port, route, rate, seconds] = process.argv.slice(2)
const requestsAll = Math.round(Number(rate) * Number(seconds))
const gapMs = 1000 / Number(rate)
const CONNECTIONS = 64
const DRAIN_MS = 3000
const request = Buffer.from(`GET ${route} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)

interface Connection {
  readonly socket: Socket
  /** When the request that it carries was due. */
  dueMs: number
  received: number
}

const idle: Connection[] = []
const waiting: number[] = []
const latenciesMs = new Float64Array(requestsAll)
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
for (let due = answered; due < requestsAll; due++) {
  latenciesMs[due] = performance.now() - (startMs + due * gapMs)
}
latenciesMs.sort()
const at = (part: number): number => latenciesMs[Math.floor((requestsAll - 1) * part)]!
console.log(JSON.stringify({ requests: answered, failed, p50Ms: at(0.5), p99Ms: at(0.99) }))
process.exit()

function turn(): void {
  const nowMs = performance.now()
  for (; offered < requestsAll && startMs + offered * gapMs <= nowMs; offered++) {
    const dueMs = startMs + offered * gapMs
    const connection = idle.pop()
    if (connection === undefined) waiting.push(dueMs)
    else send(connection, dueMs)
  }
  if (offered < requestsAll || answered < requestsAll) setImmediate(turn)
}

function send(connection: Connection, dueMs: number): void {
  connection.dueMs = dueMs
  connection.received = 0
  connection.socket.write(request)
}

async function open(): Promise<Connection> {
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  const connection = { socket, dueMs: 0, received: 0 }
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.on('data', (chunk) => receive(connection, chunk))
  return connection
}

function receive(connection: Connection, chunk: Buffer): void {
  if (connection.received === 0 && chunk.toString('latin1', 9, 12) !== '200') failed++
  connection.received += chunk.length
  if (connection.received < answerBytes) return
  if (answered < requestsAll) latenciesMs[answered++] = performance.now() - connection.dueMs
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
  socket.write(request)
  await delay(500)
  socket.destroy()
  if (received === 0) throw new Error(`no answer from ${route}`)
  return received
}

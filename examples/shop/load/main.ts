// The customers: requests at a constant rate that does not wait for answers (open loop), for a set time or
// until it is told to stop. Ends with one line of JSON that says what was sent and how long it took.
import { parseArgs } from 'node:util'
import { requiredEnv } from '../service.ts'
import { customerRequests } from './mix.ts'
import { type LoadSummary, Tally } from './tally.ts'

const IN_FLIGHT_MAX = 200
const TIMEOUT_MS = 10_000
const TICK_MS = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '50' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})
const ratePerSecond = Number(values.rate)
const requestsMax = Math.round(Number(values.seconds) * ratePerSecond)
const target = requiredEnv('STOREFRONT_URL')

const tally = new Tally()
const requests = customerRequests(Number(values.seed))
const inFlight = new Set<Promise<void>>()
const startMs = performance.now()
let due = 0

async function send(): Promise<void> {
  const { method, path, body } = requests.next().value
  const sentMs = performance.now()
  try {
    const response = await fetch(`${target}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    await response.arrayBuffer()
    tally.answered(response.ok, performance.now() - sentMs)
  } catch {
    tally.answered(false, performance.now() - sentMs)
  }
}

function tick(): void {
  const wanted = Math.min(
    requestsMax,
    Math.floor(((performance.now() - startMs) / 1000) * ratePerSecond),
  )
  for (; due < wanted; due++) {
    if (inFlight.size >= IN_FLIGHT_MAX) {
      tally.skipped()
      continue
    }
    const request = send()
    inFlight.add(request)
    request.finally(() => inFlight.delete(request))
  }
  if (due >= requestsMax) finish()
}

let finishing = false
function finish(): void {
  if (finishing) return
  finishing = true
  clearInterval(timer)
  Promise.all(inFlight).then(() => {
    const summary: LoadSummary = tally.summary((performance.now() - startMs) / 1000)
    console.log(JSON.stringify(summary))
    if (process.connected) process.disconnect()
  })
}

const timer = setInterval(tick, TICK_MS)
process.on('SIGTERM', finish)
process.on('SIGINT', finish)
process.on('disconnect', finish)

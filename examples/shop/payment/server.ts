// The payment service: plain node:http. It takes a few milliseconds, as a payment gateway nearby would.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { FaultSwitches } from '../faults.ts'
import { announce, closeServer, urlOf, wantedHost, wantedPort } from '../service.ts'

const BODY_BYTES_MAX = 10_000
const faults = new FaultSwitches('payment')

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    send(response, 500, { error: error instanceof Error ? error.message : String(error) })
  })
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = request
  if (method === 'POST' && url === '/charges') return charge(request, response)
  if (method === 'GET' && url === '/health') return send(response, 200, { status: 'ok' })
  const fault = /^\/admin\/faults\/([\w-]+)$/.exec(url)?.[1]
  if (fault !== undefined && (method === 'POST' || method === 'DELETE')) {
    const known = faults.set(fault, method === 'POST')
    return send(response, known ? 200 : 404, { on: faults.list() })
  }
  send(response, 404, { error: `there is no ${method} ${url} here` })
}

async function charge(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(request)
  const amountCents = (body as { amountCents?: unknown } | null)?.amountCents
  if (typeof amountCents !== 'number' || !(amountCents > 0)) {
    return send(response, 400, { error: 'amountCents must be a number above 0' })
  }
  await delay(faults.isOn('slow-payment') ? 255 : 5)
  send(response, 201, { id: randomUUID(), amountCents })
}

/** Reads a small JSON body; undefined when it is none or too large. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

server.listen(wantedPort(), wantedHost(), () => {
  announce('payment', urlOf(server), () => closeServer(server))
})

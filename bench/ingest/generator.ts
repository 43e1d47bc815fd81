import { KIND_HISTOGRAM } from '../../packages/analyzer/src/decode/point-batch.ts'
import { RequestScanner } from '../../packages/analyzer/src/decode/scan-request.ts'
import { WireWriter } from '../../packages/analyzer/src/decode/wire-writer.ts'

// One resource is a Node.js service on a host, as its SDK reports it each 10 s: 58 numbers and 20 histograms with
// 14 bounds, which Prometheus counts as 58 + 20 x 17 = 398 series.
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const MODES = ['user', 'system', 'nice', 'idle', 'iowait', 'interrupt', 'steal']
const ROUTES = ['/', '/cart', '/checkout', '/orders/:id', '/products/:id', '/search']
const QUERIES = ['SELECT orders', 'SELECT products', 'INSERT orders', 'UPDATE stock']

export const SERIES_PER_RESOURCE = 398
export const POINTS_PER_RESOURCE = 78
export const INTERVAL_MS = 10_000

/** How a number of the mix moves from one report to the next. */
type Motion = 'seconds' | 'idle' | 'bytes' | 'ratio' | 'level' | 'constant'

/** How well a fleet does; without it numbers are random and half of the calls fail, which ingesting does not mind. */
export interface Health {
  /** How often a call fails for each that does not; below 0.01. */
  readonly failing: number
  /** The most that processors and event loops are busy, 0 to 1. */
  readonly busy: number
}

/** A fleet that works: one in which every call fails raises thousands of alerts, and is another question. */
export const HEALTHY: Health = { failing: 0.002, busy: 0.05 }

/** Where a number's time and value are in its body. */
interface NumberSlot {
  time: number
  value: number
  readonly whole: boolean
  readonly motion: Motion
  readonly resource: number
  current: number
}

/** Where a histogram's fields are in its body. */
interface HistogramSlot {
  time: number
  readonly resource: number
  readonly perInterval: number
  readonly counts: Float64Array
  sum: number
}

/** One request that is sent again and again, with new times and values put into the same bytes. */
export interface Body {
  readonly bytes: Buffer
  readonly numbers: readonly NumberSlot[]
  readonly histograms: readonly HistogramSlot[]
}

/** Makes the requests of a fleet of services, and moves them on by an interval at a time. */
export class Fleet {
  readonly bodies: readonly Body[]
  readonly #random: () => number
  readonly #busy: number

  constructor(
    resources: number,
    resourcesPerBody: number,
    startMs: number,
    random: () => number,
    health?: Health,
  ) {
    this.#random = random
    this.#busy = health?.busy ?? 1
    const bodies: Body[] = []
    for (let first = 0; first < resources; first += resourcesPerBody) {
      const count = Math.min(resourcesPerBody, resources - first)
      bodies.push(buildBody(first, count, startMs, random, health?.failing ?? 1))
    }
    this.bodies = bodies
  }

  /** Puts the next report into all bodies. */
  advanceAll(timeMs: number): void {
    for (const body of this.bodies) this.advance(body, timeMs)
  }

  /** Puts the next report into a body: times of `timeMs` and a few milliseconds, and values moved on. */
  advance(body: Body, timeMs: number): void {
    const random = this.#random
    const { bytes } = body
    let resource = -1
    let nanos = 0n
    const timeOf = (next: number) => {
      if (next !== resource) {
        resource = next
        nanos =
          BigInt(timeMs + Math.floor(random() * 20)) * 1_000_000n +
          BigInt(Math.floor(random() * 1e6))
      }
      return nanos
    }
    for (const slot of body.numbers) {
      bytes.writeBigUInt64LE(timeOf(slot.resource), slot.time)
      slot.current = move(slot.current, slot.motion, random, this.#busy)
      if (slot.whole) bytes.writeBigInt64LE(BigInt(Math.round(slot.current)), slot.value)
      else bytes.writeDoubleLE(slot.current, slot.value)
    }
    resource = -1
    for (const slot of body.histograms) {
      bytes.writeBigUInt64LE(timeOf(slot.resource), slot.time)
      observe(slot, random)
      // time (8) | tag, count (8) | tag, sum (8) | tag, length, counts
      let count = 0
      const countsAt = slot.time + 28
      for (let i = 0; i < slot.counts.length; i++) {
        count += slot.counts[i]!
        bytes.writeUInt32LE(slot.counts[i]!, countsAt + i * 8)
      }
      bytes.writeUInt32LE(count, slot.time + 9)
      bytes.writeDoubleLE(slot.sum, slot.time + 18)
    }
  }
}

function move(value: number, motion: Motion, random: () => number, busy: number): number {
  if (motion === 'idle') return Math.round((value + random() * 10) * 100) / 100
  if (motion === 'seconds') return Math.round((value + random() * 10 * busy) * 100) / 100
  if (motion === 'bytes') return value + Math.floor(random() * 5_000_000)
  if (motion === 'ratio') return random() * busy
  if (motion === 'level') return Math.max(0, value + Math.floor((random() - 0.5) * 1_000_000))
  return value
}

function observe(slot: HistogramSlot, random: () => number): void {
  // Half of the routes of a fleet are idle in an interval.
  if (random() < 0.5) return
  if (slot.perInterval < 1 && random() >= slot.perInterval) return
  const observations = Math.ceil(random() * slot.perInterval)
  for (let i = 0; i < observations; i++) {
    const seconds = 0.002 * Math.exp(random() * 4)
    slot.sum += seconds
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
    slot.counts[bucket === -1 ? BOUNDS.length : bucket]!++
  }
}

function buildBody(
  first: number,
  count: number,
  startMs: number,
  random: () => number,
  failing: number,
): Body {
  const writer = new WireWriter(count * 16_384)
  const numbers: NumberSlot[] = []
  const histograms: HistogramSlot[] = []
  for (let resource = first; resource < first + count; resource++) {
    const resourceMetrics = writer.beginMessage(1)
    const own = writer.beginMessage(1)
    attribute(writer, 1, 'service.name', `service-${resource % 50}`)
    attribute(writer, 1, 'service.namespace', 'shop')
    attribute(
      writer,
      1,
      'service.instance.id',
      `b9d2c7f0-0000-4000-8000-${String(resource).padStart(12, '0')}`,
    )
    attribute(writer, 1, 'host.name', `host-${resource}`)
    attribute(writer, 1, 'telemetry.sdk.language', 'nodejs')
    writer.endMessage(own)
    const scopeMetrics = writer.beginMessage(2)
    new ResourceWriter(writer, resource, startMs, random, failing, numbers, histograms).write()
    writer.endMessage(scopeMetrics)
    writer.endMessage(resourceMetrics)
  }
  const bytes = Buffer.from(writer.finish())
  locate(bytes, numbers, histograms)
  return { bytes, numbers, histograms }
}

/** Finds the fields of each point: tag, start (8) | tag, time (8) | tag, value or count (8) … */
function locate(
  bytes: Buffer,
  numbers: readonly NumberSlot[],
  histograms: readonly HistogramSlot[],
): void {
  const scanner = new RequestScanner({ pointsMax: 1e6, bucketsMax: 64 }, [0, 0])
  const batch = scanner.scan(bytes)
  let number = 0
  let histogram = 0
  for (let point = 0; point < batch.points; point++) {
    const time = batch.pointStart[point]! + 10
    if (batch.metricKind[batch.pointMetric[point]!] === KIND_HISTOGRAM) {
      histograms[histogram++]!.time = time
      continue
    }
    const slot = numbers[number++]!
    slot.time = time
    slot.value = time + 9
  }
}

class ResourceWriter {
  readonly #writer: WireWriter
  readonly #resource: number
  readonly #startNanos: bigint
  readonly #random: () => number
  readonly #failing: number
  readonly #numbers: NumberSlot[]
  readonly #histograms: HistogramSlot[]

  constructor(
    writer: WireWriter,
    resource: number,
    startMs: number,
    random: () => number,
    failing: number,
    numbers: NumberSlot[],
    histograms: HistogramSlot[],
  ) {
    this.#writer = writer
    this.#resource = resource
    this.#startNanos = BigInt(startMs) * 1_000_000n
    this.#random = random
    this.#failing = failing
    this.#numbers = numbers
    this.#histograms = histograms
  }

  write(): void {
    const cpus = ['0', '1', '2', '3']
    const each = (key: string, values: readonly string[]) => values.map((value) => [[key, value]])
    const modes = cpus.flatMap((cpu) =>
      MODES.map((mode) => [
        ['cpu.logical_number', cpu],
        ['cpu.mode', mode],
      ]),
    )
    this.#counter('system.cpu.time', 's', modes, 'seconds', false)
    this.#gauge(
      'system.memory.usage',
      'By',
      each('system.memory.state', ['used', 'free', 'cached', 'buffers']),
      'level',
      true,
    )
    this.#counter(
      'system.network.io',
      'By',
      each('network.interface.name', ['eth0', 'eth1', 'lo', 'docker0']),
      'bytes',
      true,
    )
    this.#counter(
      'system.disk.io',
      'By',
      each('system.device', ['sda', 'sdb', 'sdc', 'sdd']),
      'bytes',
      true,
    )
    this.#gauge(
      'system.filesystem.usage',
      'By',
      each('system.filesystem.state', ['used', 'free', 'reserved']),
      'constant',
      true,
    )
    this.#gauge(
      'system.linux.load',
      '1',
      each('system.load.window', ['1m', '5m', '15m']),
      'ratio',
      false,
    )
    this.#gauge(
      'process.cpu.utilization',
      '1',
      each('cpu.mode', ['user', 'system']),
      'ratio',
      false,
    )
    this.#gauge('process.memory.usage', 'By', [[]], 'level', true)
    this.#gauge('nodejs.eventloop.utilization', '1', [[]], 'ratio', false)
    this.#gauge('nodejs.eventloop.delay.p99', 's', [[]], 'ratio', false)
    this.#gauge(
      'v8js.memory.heap.used',
      'By',
      each('v8js.heap.space.name', [
        'new_space',
        'old_space',
        'code_space',
        'large_object_space',
        'read_only_space',
        'trusted_space',
        'shared_space',
      ]),
      'level',
      true,
    )
    const routes = ROUTES.flatMap((route) =>
      ['200', '500'].map((status) => [
        ['http.request.method', 'GET'],
        ['http.route', route],
        ['http.response.status_code', status],
        ['url.scheme', 'http'],
      ]),
    )
    this.#histogram('http.server.request.duration', routes, 40)
    const calls = QUERIES.flatMap((query) =>
      ['', 'timeout'].map((error) => [
        ['db.system.name', 'postgresql'],
        ['db.operation.name', query],
        ['server.address', 'db.internal'],
        ['error.type', error],
      ]),
    )
    this.#histogram('db.client.operation.duration', calls, 80)
  }

  #counter(
    name: string,
    unit: string,
    attributes: string[][][],
    motion: Motion,
    whole: boolean,
  ): void {
    this.#metric(name, unit, 7, () => {
      for (const pairs of attributes) this.#number(pairs, motion, whole)
      this.#writer.varint(2, 2)
      this.#writer.varint(3, 1)
    })
  }

  #gauge(
    name: string,
    unit: string,
    attributes: string[][][],
    motion: Motion,
    whole: boolean,
  ): void {
    this.#metric(name, unit, 5, () => {
      for (const pairs of attributes) this.#number(pairs, motion, whole)
    })
  }

  #histogram(name: string, attributes: string[][][], perInterval: number): void {
    const writer = this.#writer
    this.#metric(name, 's', 9, () => {
      for (const pairs of attributes) {
        const point = writer.beginMessage(1)
        writer.fixed64(2, this.#startNanos)
        writer.fixed64(3, 0n)
        writer.fixed64(4, 0n)
        writer.double(5, 0)
        writer.bytes(6, Buffer.alloc((BOUNDS.length + 1) * 8))
        writer.bytes(7, Buffer.from(Float64Array.from(BOUNDS).buffer))
        for (const [key = '', value = ''] of pairs) attribute(writer, 9, key, value)
        writer.endMessage(point)
        const counts = new Float64Array(BOUNDS.length + 1)
        const failed = pairs.some(([, value]) => value === '500' || value === 'timeout')
        this.#histograms.push({
          ...{ time: 0, resource: this.#resource, counts, sum: 0 },
          perInterval: failed ? perInterval * this.#failing : perInterval,
        })
      }
      writer.varint(2, 2)
    })
  }

  #number(pairs: string[][], motion: Motion, whole: boolean): void {
    const writer = this.#writer
    const point = writer.beginMessage(1)
    writer.fixed64(2, this.#startNanos)
    writer.fixed64(3, 0n)
    if (whole) writer.fixed64(6, 0n)
    else writer.double(4, 0)
    for (const [key = '', text = ''] of pairs) attribute(writer, 7, key, text)
    writer.endMessage(point)
    const current = Math.floor(this.#random() * 1e9)
    const idle = motion === 'seconds' && pairs.some(([, value]) => value === 'idle')
    this.#numbers.push({
      ...{ time: 0, value: 0, whole, resource: this.#resource, current },
      motion: idle ? 'idle' : motion,
    })
  }

  #metric(name: string, unit: string, dataField: number, points: () => void): void {
    const writer = this.#writer
    const metric = writer.beginMessage(2)
    writer.string(1, name)
    writer.string(3, unit)
    const data = writer.beginMessage(dataField)
    points()
    writer.endMessage(data)
    writer.endMessage(metric)
  }
}

function attribute(writer: WireWriter, field: number, key: string, value: string): void {
  const pair = writer.beginMessage(field)
  writer.string(1, key)
  const any = writer.beginMessage(2)
  writer.string(1, value)
  writer.endMessage(any)
  writer.endMessage(pair)
}

import type { Random } from './random.ts'

const WORDS = ['http.route', 'a', 'service.name', 'host.name', '__type__', 'cpu.mode', 'größe', '']

/** A request with every kind of point, in the object form of the official descriptors. */
export function randomRequest(random: Random): object {
  return {
    resourceMetrics: random.many(random.below(4), () => ({
      ...(random.chance(0.9) && {
        resource: {
          attributes: attributes(random),
          entityRefs: random.chance(0.2) ? [{ type: 'service', idKeys: ['service.name'] }] : [],
        },
      }),
      scopeMetrics: random.many(random.below(3), () => ({
        scope: { name: 'lib', version: '1', attributes: attributes(random) },
        metrics: random.many(random.below(4), () => metric(random)),
        schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
      })),
    })),
  }
}

function metric(random: Random): object {
  const aggregationTemporality = random.below(3)
  const points = (make: () => object) => random.many(random.below(5), make)
  return {
    name: random.pick(['http.server.request.duration', 'x', 'system.cpu.time', 'büro']),
    description: random.pick(['', 'what it is']),
    unit: random.pick(['', 's', 'By', '1', '{request}']),
    data: random.pick([
      () => ({ case: 'gauge', value: { dataPoints: points(() => numberPoint(random)) } }),
      () => ({
        case: 'sum',
        value: {
          dataPoints: points(() => numberPoint(random)),
          aggregationTemporality,
          isMonotonic: random.chance(0.5),
        },
      }),
      () => ({
        case: 'histogram',
        value: { dataPoints: points(() => histogramPoint(random)), aggregationTemporality },
      }),
      () => ({
        case: 'exponentialHistogram',
        value: { dataPoints: points(() => exponentialPoint(random)), aggregationTemporality },
      }),
      () => ({ case: 'summary', value: { dataPoints: points(() => summaryPoint(random)) } }),
    ])(),
  }
}

function common(random: Random): object {
  return {
    attributes: attributes(random),
    startTimeUnixNano: nanos(random),
    timeUnixNano: nanos(random),
    flags: random.chance(0.1) ? 1 : random.chance(0.1) ? 256 : 0,
    ...(random.chance(0.2) && { exemplars: [exemplar(random)] }),
  }
}

function numberPoint(random: Random): object {
  const value = random.chance(0.5)
    ? { case: 'asDouble', value: double(random) }
    : { case: 'asInt', value: BigInt(Math.floor((random.next() - 0.5) * 2 ** 53)) }
  return { ...common(random), value }
}

function histogramPoint(random: Random): object {
  const bounds = random.below(16)
  const empty = random.chance(0.1)
  return {
    ...common(random),
    count: BigInt(random.below(1e9)),
    ...(random.chance(0.8) && { sum: double(random) }),
    ...(random.chance(0.5) && { min: 0.5, max: 7 }),
    bucketCounts: empty ? [] : random.many(bounds + 1, () => BigInt(random.below(1e6))),
    explicitBounds: empty ? [] : random.many(bounds, (i) => i * 1.5 + random.next()),
  }
}

function exponentialPoint(random: Random): object {
  const buckets = () => ({
    offset: random.below(200) - 100,
    bucketCounts: random.many(random.below(20), () => BigInt(random.below(1e4))),
  })
  return {
    ...common(random),
    count: BigInt(random.below(1e9)),
    ...(random.chance(0.8) && { sum: double(random) }),
    scale: random.below(24) - 8,
    zeroCount: BigInt(random.below(10)),
    zeroThreshold: random.chance(0.5) ? 0.001 : 0,
    ...(random.chance(0.8) && { positive: buckets() }),
    ...(random.chance(0.3) && { negative: buckets() }),
  }
}

function summaryPoint(random: Random): object {
  const { exemplars: _, ...point } = common(random) as { exemplars?: unknown }
  return {
    ...point,
    count: BigInt(random.below(1e9)),
    sum: double(random),
    quantileValues: random.many(random.below(4), (i) => ({
      quantile: i / 4,
      value: double(random),
    })),
  }
}

function exemplar(random: Random): object {
  return {
    filteredAttributes: attributes(random),
    timeUnixNano: nanos(random),
    value: { case: 'asDouble', value: double(random) },
    spanId: new Uint8Array(8).fill(random.below(256)),
    traceId: new Uint8Array(16).fill(random.below(256)),
  }
}

function attributes(random: Random): object[] {
  return random.many(random.below(5), () => ({
    key: random.pick(WORDS),
    value: anyValue(random, 3),
  }))
}

function anyValue(random: Random, depth: number): object {
  const kind = random.below(depth > 0 ? 7 : 5)
  if (kind === 0) return { value: { case: 'boolValue', value: random.chance(0.5) } }
  if (kind === 1) return { value: { case: 'intValue', value: BigInt(random.below(1e9)) - 5n } }
  if (kind === 2) return { value: { case: 'doubleValue', value: random.next() } }
  if (kind === 3) return { value: { case: 'bytesValue', value: new Uint8Array([1, 2, 3]) } }
  if (kind === 5) {
    const values = random.many(random.below(3), () => anyValue(random, depth - 1))
    return { value: { case: 'arrayValue', value: { values } } }
  }
  if (kind === 6) {
    const values = random.many(random.below(3), (i) => ({
      key: `k${i}`,
      value: anyValue(random, depth - 1),
    }))
    return { value: { case: 'kvlistValue', value: { values } } }
  }
  return { value: { case: 'stringValue', value: 'v'.repeat(random.below(200)) } }
}

function nanos(random: Random): bigint {
  if (random.chance(0.1)) return 0n
  return BigInt(random.below(2_000_000_000)) * 1_000_000_000n + BigInt(random.below(1_000_000_000))
}

function double(random: Random): number {
  if (random.chance(0.1)) return random.pick([0, -0, Number.NaN, Number.POSITIVE_INFINITY])
  return (random.next() - 0.5) * 10 ** random.below(20)
}

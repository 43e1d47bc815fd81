import { createEngine, MemorySource } from '@chokepoint/promql'
import { CATALOG } from '../../../src/detect/catalog.ts'
import { type Detection, detect } from '../../../src/detect/detect.ts'
import type { DetectorRow } from '../../../src/detect/detector.ts'
import { createQueryFunctions, type QueryFunctions } from '../../../src/query-functions.ts'
import { Instruments } from './instruments.ts'
import { randomFrom } from './random.ts'
import { liveOneSecond, type ServiceModel } from './service.ts'

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const WINDOW_MS_MAX = 300_000

export interface WorldModel {
  readonly services: readonly ServiceModel[]
  readonly seconds: number
  /** Seconds between two exports; 1 unless given. */
  readonly exportSeconds?: number
  /** How much times wander: 0 not at all, 0.5 wildly. */
  readonly noise?: number
  readonly seed?: number
}

export interface World extends QueryFunctions {
  readonly nowMs: number
  readonly windowMs: number
  readonly detect: (catalog?: readonly DetectorRow[]) => Detection
  /** What is detected, in short: `type service component`. */
  readonly found: () => string[]
}

/** Lets services live for some time and shows what they reported, through the real engine. */
export function world(model: WorldModel): World {
  const { services, seconds, exportSeconds = 1, noise = 0.2, seed = 1 } = model
  const source = new MemorySource()
  const random = randomFrom(seed)
  const running = services.map((service) => ({
    service,
    instruments: new Instruments(source, {
      job: service.name,
      instance: service.instance ?? `${service.name}-1`,
    }),
  }))
  for (let second = 0; second <= seconds; second++) {
    for (const { service, instruments } of running) {
      liveOneSecond(service, instruments, second, random, noise)
      if (second % exportSeconds === 0) instruments.export(START_MS + second * 1000)
    }
  }
  const nowMs = START_MS + seconds * 1000
  const windowMs = Math.min(WINDOW_MS_MAX, seconds * 1000)
  const functions = createQueryFunctions(createEngine(), source)
  const run = (catalog = CATALOG) => detect({ ...functions, nowMs, windowMs }, catalog)
  return {
    ...functions,
    nowMs,
    windowMs,
    detect: run,
    found: () => {
      const { candidates, failures } = run()
      if (failures.length > 0) throw new Error(JSON.stringify(failures))
      return candidates.map(
        ({ type, resource, component }) => `${type} ${resource['service.name']} ${component}`,
      )
    },
  }
}

/** A healthy shop: a storefront that calls a catalog and a payment, which use a database. */
export function shop(change: Readonly<Record<string, Partial<ServiceModel>>> = {}): ServiceModel[] {
  const services: ServiceModel[] = [
    {
      name: 'storefront',
      routes: [
        {
          route: '/',
          perSecond: 7,
          seconds: 0.006,
          calls: [{ kind: 'http', target: '127.0.0.1:7001', seconds: 0.012 }],
        },
        {
          route: '/products/:id',
          perSecond: 6,
          seconds: 0.005,
          calls: [{ kind: 'http', target: '127.0.0.1:7001', seconds: 0.01 }],
        },
        {
          route: '/checkout',
          method: 'POST',
          perSecond: 5,
          seconds: 0.005,
          calls: [{ kind: 'http', target: '127.0.0.1:7002', seconds: 0.03 }],
        },
      ],
    },
    {
      name: 'catalog',
      routes: [
        {
          route: '/products',
          perSecond: 7,
          seconds: 0.002,
          calls: [{ kind: 'db', target: 'postgresql products', seconds: 0.004 }],
        },
        {
          route: '/products/:id',
          perSecond: 6,
          seconds: 0.002,
          calls: [{ kind: 'db', target: 'postgresql products', seconds: 0.003 }],
        },
      ],
    },
    {
      name: 'payment',
      routes: [{ route: '/charge', method: 'POST', perSecond: 5, seconds: 0.025 }],
    },
  ]
  return services.map((service) => ({ ...service, ...change[service.name] }))
}

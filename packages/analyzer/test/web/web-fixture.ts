import { LabelSet, type Matcher, MemorySource } from '@chokepoint/promql'
import type { AnalyzerView } from '../../src/model/analyzer-view.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import { createTurns } from '../../src/turns.ts'
import type { PrometheusPort, QueryAnswer } from '../../src/web/ports.ts'
import { createWebServer, type WebServer, type WebServerOptions } from '../../src/web/server.ts'
import { NOW_MS, sampleView } from '../report/sample-view.ts'

export const vector = (
  ...samples: readonly (readonly [Readonly<Record<string, string>>, number])[]
): QueryAnswer => ({
  value: {
    type: 'vector',
    timeMs: NOW_MS,
    samples: samples.map(([labels, value]) => ({ labels: LabelSet.of(labels), value })),
  },
  warnings: [],
  infos: [],
})

/** Steps that end at once, with what is given or thrown. */
// biome-ignore lint/correctness/useYield: there is nothing to rest for
export function* answered<Answer>(answer: () => Answer): Generator<void, Answer> {
  return answer()
}

/** The port's way to read series in memory. */
export function selectFrom(source: MemorySource): PrometheusPort['select'] {
  return (...question) => answered(() => source.select(...question))
}

/** A port that answers with what it is given; for what the HTTP layer does by itself. */
export function fixedPort(changes: Partial<PrometheusPort> = {}): PrometheusPort {
  return {
    now: () => NOW_MS,
    select: selectFrom(new MemorySource()),
    query: () => answered(() => vector([{ __name__: 'up', job: 'shop' }, 1])),
    queryRange: () => answered(() => vector()),
    parseSelector,
    formatQuery: (text) => text,
    parseQuery: (text) => ({ type: 'stringLiteral', val: text }),
    metadata: () => [],
    exemplars: () => [],
    ruleGroups: () => [],
    ...changes,
  }
}

function parseSelector(text: string): Matcher[] {
  const parts = /^(\w*)(?:\{(.*)\})?$/.exec(text)
  if (parts === null)
    throw new ChokepointError('QUERY_INVALID', '1:1: parse error: unexpected text')
  const [, name = '', rest = ''] = parts
  const matchers: Matcher[] = name === '' ? [] : [{ name: '__name__', type: '=', value: name }]
  for (const [, label, type, value] of rest.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
    matchers.push({ name: label!, type: type as Matcher['type'], value: value! })
  }
  return matchers
}

export interface Running {
  readonly server: WebServer
  readonly url: string
  readonly internalErrors: unknown[]
}

const running = new Set<WebServer>()

/** Stops every server that is still up: a test that fails half way must not keep the run from ending. */
export async function stopWebs(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()))
  running.clear()
}

/** A web server on a free loopback port, over a sample shop unless told otherwise. */
export async function startWeb(
  changes: Partial<WebServerOptions> = {},
  view: AnalyzerView = sampleView(),
  port = 0,
): Promise<Running> {
  const internalErrors: unknown[] = []
  const server = createWebServer({
    version: '0.1.0',
    view: () => view,
    compute: async (_tenant, of) => of(changes.view?.(_tenant) ?? view),
    runSteps: createTurns().run,
    prometheus: () => fixedPort(),
    actOnRecommendation: (_tenant, id) => {
      throw new ChokepointError('NOT_FOUND', `there is no recommendation ${id}`)
    },
    webhooks: {
      list: () => [],
      deliveries: () => [],
      test: async () => [],
      redeliver: async (id) => {
        throw new ChokepointError('NOT_FOUND', `there is no delivery ${id}`)
      },
    },
    profiles: {
      state: () => ({ services: [], taking: [], stored: [] }),
      take: async (_tenant, service) => {
        throw new ChokepointError('NOT_FOUND', `no profile can be asked of "${service}"`)
      },
      read: async (_tenant, id) => {
        throw new ChokepointError('NOT_FOUND', `there is no profile ${id}`)
      },
    },
    otlp: (_request, response) => response.end('{}'),
    selfMetrics: () => '# HELP up Up\n# TYPE up gauge\nup 1\n',
    ready: () => true,
    multitenancy: false,
    tokens: [],
    onInternalError: (error) => internalErrors.push(error),
    ...changes,
  })
  const bound = await server.listen('127.0.0.1', port)
  running.add(server)
  return { server, url: `http://127.0.0.1:${bound}`, internalErrors }
}

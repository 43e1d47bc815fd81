import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnalyzerView } from '../../model/analyzer-view.ts'
import { type ApiAnswer, sendAnswer } from '../envelope.ts'
import { Parameters } from '../parameters.ts'
import type { PrometheusPort, RunSteps } from '../ports.ts'
import { tenantOf } from '../tenant.ts'
import { buildInfo, listExemplars, listMetadata, listTargets } from './metadata-handlers.ts'
import {
  formatQuery,
  instantQuery,
  parseQuery,
  rangeQuery,
  type SteppedAnswer,
} from './query-handlers.ts'
import { listAlerts, listRules } from './rule-handlers.ts'
import { listLabelNames, listLabelValues, listSeries } from './series-handlers.ts'

export interface PrometheusRouteOptions {
  readonly version: string
  readonly prometheus: (tenant: string) => PrometheusPort
  readonly view: (tenant: string) => AnalyzerView
  readonly runSteps: RunSteps
}

type Handler = (port: PrometheusPort, parameters: Parameters) => ApiAnswer
type SteppedHandler = (port: PrometheusPort, parameters: Parameters) => SteppedAnswer

/** The endpoints that read series, by path below `/api/v1`: others are served meanwhile. */
const STEPPED_HANDLERS: Readonly<Record<string, SteppedHandler>> = {
  query: instantQuery,
  query_range: rangeQuery,
  series: listSeries,
  labels: listLabelNames,
}

/** The other endpoints that answer from the port alone. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  query_exemplars: listExemplars,
  format_query: formatQuery,
  parse_query: parseQuery,
  metadata: listMetadata,
  rules: listRules,
  targets: listTargets,
}

/** Prometheus' HTTP API, each endpoint by GET and by POSTed form. */
export function prometheusRoutes(app: FastifyInstance, options: PrometheusRouteOptions): void {
  const both = (
    path: string,
    handle: (request: FastifyRequest) => ApiAnswer | Promise<ApiAnswer>,
  ) =>
    app.route({
      method: ['GET', 'POST'],
      url: `/api/v1/${path}`,
      handler: async (request: FastifyRequest, reply: FastifyReply) =>
        sendAnswer(reply, await handle(request)),
    })
  for (const [path, handle] of Object.entries(STEPPED_HANDLERS)) {
    both(path, (request) =>
      options.runSteps(handle(options.prometheus(tenantOf(request)), Parameters.of(request))),
    )
  }
  for (const [path, handle] of Object.entries(HANDLERS)) {
    both(path, (request) => handle(options.prometheus(tenantOf(request)), Parameters.of(request)))
  }
  both('label/:name/values', (request) => {
    const { name } = request.params as { readonly name: string }
    const port = options.prometheus(tenantOf(request))
    return options.runSteps(listLabelValues(port, Parameters.of(request), name))
  })
  both('alerts', (request) => listAlerts(options.view(tenantOf(request)).alerts()))
  both('status/buildinfo', () => buildInfo(options.version))
}

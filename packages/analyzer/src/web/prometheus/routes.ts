import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnalyzerView } from '../../model/analyzer-view.ts'
import { type ApiAnswer, sendAnswer } from '../envelope.ts'
import { Parameters } from '../parameters.ts'
import type { PrometheusPort } from '../ports.ts'
import { tenantOf } from '../tenant.ts'
import { buildInfo, listExemplars, listMetadata, listTargets } from './metadata-handlers.ts'
import { formatQuery, instantQuery, parseQuery, rangeQuery } from './query-handlers.ts'
import { listAlerts, listRules } from './rule-handlers.ts'
import { listLabelNames, listLabelValues, listSeries } from './series-handlers.ts'

export interface PrometheusRouteOptions {
  readonly version: string
  readonly prometheus: (tenant: string) => PrometheusPort
  readonly view: (tenant: string) => AnalyzerView
}

type Handler = (port: PrometheusPort, parameters: Parameters) => ApiAnswer

/** The endpoints that answer from the port alone, by path below `/api/v1`. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  query: instantQuery,
  query_range: rangeQuery,
  query_exemplars: listExemplars,
  format_query: formatQuery,
  parse_query: parseQuery,
  series: listSeries,
  labels: listLabelNames,
  metadata: listMetadata,
  rules: listRules,
  targets: listTargets,
}

/** Prometheus' HTTP API, each endpoint by GET and by POSTed form. */
export function prometheusRoutes(app: FastifyInstance, options: PrometheusRouteOptions): void {
  const both = (path: string, handle: (request: FastifyRequest) => ApiAnswer) =>
    app.route({
      method: ['GET', 'POST'],
      url: `/api/v1/${path}`,
      handler: (request: FastifyRequest, reply: FastifyReply) => sendAnswer(reply, handle(request)),
    })
  for (const [path, handle] of Object.entries(HANDLERS)) {
    both(path, (request) => handle(options.prometheus(tenantOf(request)), Parameters.of(request)))
  }
  both('label/:name/values', (request) => {
    const { name } = request.params as { readonly name: string }
    return listLabelValues(options.prometheus(tenantOf(request)), Parameters.of(request), name)
  })
  both('alerts', (request) => listAlerts(options.view(tenantOf(request)).alerts()))
  both('status/buildinfo', () => buildInfo(options.version))
}

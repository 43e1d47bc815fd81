import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnalyzerView } from '../model/analyzer-view.ts'
import { ChokepointError } from '../model/errors.ts'
import type { ReportFormat } from '../model/report.ts'
import { jsonTexts } from '../model/text-pieces.ts'
import { buildReport } from '../report/build-report.ts'
import { REPORT_FORMATS } from '../report/render.ts'
import { refuseCrossSite } from './authorize.ts'
import { sendAnswer, sendPieces } from './envelope.ts'
import { gatherInSteps, JsonText } from './json-text.ts'
import { openApiDocument } from './openapi/document.ts'
import { Parameters } from './parameters.ts'
import type {
  ActOnRecommendation,
  ComputeView,
  RecommendationAction,
  RunSteps,
  WebhookPort,
} from './ports.ts'
import { durationParameter, limitParameter } from './prometheus/parse-parameters.ts'
import { tenantOf } from './tenant.ts'

export interface OwnRouteOptions {
  readonly version: string
  readonly compute: ComputeView
  readonly runSteps: RunSteps
  readonly actOnRecommendation: ActOnRecommendation
  readonly webhooks: WebhookPort
}

const WINDOW_DEFAULT_MS = 15 * 60_000
const WINDOW_MAX_MS = 31 * 86_400_000

/** The lists that a view has, by path below `/api/v1`. */
const LISTS: Readonly<Record<string, (view: AnalyzerView) => readonly unknown[]>> = {
  components: (view) => view.components(),
  bottlenecks: (view) => view.bottlenecks(),
  recommendations: (view) => view.recommendations(),
  'alerts/history': (view) => view.alertHistory(),
}

/** Chokepoint's own endpoints, in the same envelope as Prometheus'. */
export function ownRoutes(app: FastifyInstance, options: OwnRouteOptions): void {
  const { compute, runSteps } = options
  const sendWhole = async (reply: FastifyReply, value: unknown) =>
    sendAnswer(reply, { data: new JsonText(await runSteps(gatherInSteps(jsonTexts(value)))) })
  app.get('/api/v1/snapshot', async (request, reply) =>
    sendWhole(reply, await compute(tenantOf(request), (view) => view.snapshot())),
  )
  for (const [path, list] of Object.entries(LISTS)) {
    app.get(`/api/v1/${path}`, async (request, reply) => {
      const limit = limitParameter(Parameters.of(request))
      const all = await compute(tenantOf(request), list)
      return sendWhole(reply, limit === 0 ? all : all.slice(0, limit))
    })
  }
  app.get('/api/v1/report', (request, reply) => sendReport(request, reply, options))
  app.post('/api/v1/recommendations/:id/:action', (request, reply) => {
    refuseCrossSite(request)
    const { id, action } = request.params as { readonly id: string; readonly action: string }
    if (!isAction(action)) {
      throw new ChokepointError(
        'NOT_FOUND',
        `a recommendation can be acknowledged, ignored or reopened, but there is no action "${action}"`,
      )
    }
    return sendAnswer(reply, { data: options.actOnRecommendation(tenantOf(request), id, action) })
  })
  webhookRoutes(app, options.webhooks)
  app.get('/api/v1/openapi.json', (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(openApiDocument(options.version))),
  )
}

function isAction(text: string): text is RecommendationAction {
  return text === 'acknowledge' || text === 'ignore' || text === 'reopen'
}

function webhookRoutes(app: FastifyInstance, webhooks: WebhookPort): void {
  app.get('/api/v1/webhooks', (_request, reply) => sendAnswer(reply, { data: webhooks.list() }))
  app.get('/api/v1/webhooks/deliveries', (request, reply) => {
    const limit = limitParameter(Parameters.of(request)) || 100
    return sendAnswer(reply, { data: webhooks.deliveries().slice(0, limit) })
  })
  app.post('/api/v1/webhooks/test', async (request, reply) => {
    refuseCrossSite(request)
    const endpoint = Parameters.of(request).get('endpoint')
    const data = await webhooks.test(endpoint === '' ? undefined : endpoint)
    return sendAnswer(reply, { data })
  })
  app.post('/api/v1/webhooks/deliveries/:id/redeliver', async (request, reply) => {
    refuseCrossSite(request)
    const { id } = request.params as { readonly id: string }
    return sendAnswer(reply, { data: await webhooks.redeliver(id) })
  })
}

async function sendReport(
  request: FastifyRequest,
  reply: FastifyReply,
  { version, compute, runSteps }: OwnRouteOptions,
): Promise<FastifyReply> {
  const parameters = Parameters.of(request)
  const format = parameters.get('format') || 'json'
  if (!isFormat(format)) {
    throw new ChokepointError(
      'PARAMETER_INVALID',
      `invalid parameter "format": there is json, csv and html, not "${format}"`,
    )
  }
  const windowMs = windowParameter(parameters)
  const report = await compute(tenantOf(request), (view) => buildReport(view, windowMs, version))
  const { mediaType, texts } = REPORT_FORMATS[format]
  const pieces = await runSteps(gatherInSteps(texts(report)))
  const file = `chokepoint-report-${report.generatedAt.replace(/[:.]/g, '-')}.${format}`
  const disposition = format === 'html' ? 'inline' : 'attachment'
  reply.header('content-disposition', `${disposition}; filename="${file}"`)
  return sendPieces(reply, mediaType, pieces)
}

function isFormat(text: string): text is ReportFormat {
  return Object.hasOwn(REPORT_FORMATS, text)
}

/** The report's window, 15 minutes when absent. */
function windowParameter(parameters: Parameters): number {
  if (parameters.get('window') === '') return WINDOW_DEFAULT_MS
  const windowMs = durationParameter(parameters, 'window')
  if (windowMs < 1000 || windowMs > WINDOW_MAX_MS) {
    throw new ChokepointError(
      'PARAMETER_INVALID',
      `invalid parameter "window": it must be from 1s to 31d, not ${parameters.get('window')}`,
    )
  }
  return windowMs
}

import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import type { AnalyzerView } from '../model/analyzer-view.ts'
import { ChokepointError } from '../model/errors.ts'
import type { ProfilePort } from '../model/profile.ts'
import { type TlsMaterial, tlsServerOptions } from '../model/tls.ts'
import { createAuthorizer } from './authorize.ts'
import { compressReply } from './compress.ts'
import { sendError } from './envelope.ts'
import { errorAnswerOf } from './error-types.ts'
import { createLiveReports } from './live-reports.ts'
import { ownRoutes } from './own-routes.ts'
import { liveRoute, pageRoutes } from './page-routes.ts'
import type {
  ActOnRecommendation,
  ComputeView,
  OtlpHandler,
  PrometheusPort,
  RunSteps,
  WebhookPort,
} from './ports.ts'
import { profileRoutes } from './profile-routes.ts'
import { prometheusRoutes } from './prometheus/routes.ts'
import { rememberTenant } from './tenant.ts'

export interface WebServerOptions {
  readonly version: string
  readonly view: (tenant: string) => AnalyzerView
  /** For what asks questions of the view: others are served meanwhile. */
  readonly compute: ComputeView
  readonly runSteps: RunSteps
  readonly prometheus: (tenant: string) => PrometheusPort
  readonly actOnRecommendation: ActOnRecommendation
  readonly webhooks: WebhookPort
  readonly profiles: ProfilePort
  readonly otlp: OtlpHandler
  /** The analyzer's own metrics in Prometheus' text format. */
  readonly selfMetrics: () => string
  /** False until what was on disk is read back. */
  readonly ready: () => boolean
  /** True: `X-Scope-OrgID` names the tenant, and must be there. */
  readonly multitenancy: boolean
  /** Empty: everybody may read and act. */
  readonly tokens: readonly string[]
  /** Undefined serves in the clear. */
  readonly tls?: TlsMaterial | undefined
  /** Told of every failure that nobody expected; the reply says only that there was one. */
  readonly onInternalError: (error: unknown, url: string) => void
}

export interface WebServer {
  /** Resolves to the port: the one asked for, or a free one for 0. Throws `PORT_IN_USE`. */
  readonly listen: (host: string, port: number) => Promise<number>
  /** Ends open connections after their running requests. */
  readonly close: () => Promise<void>
  /** `http://host:port`, or `https://…` with TLS; empty before `listen`. */
  readonly address: () => string
}

const FORM_BYTES_MAX = 1024 * 1024
const OTLP_PATH = '/api/v1/otlp/v1/metrics'

/** The server of port 9490: API, page, own metrics, health, and Prometheus' OTLP path. */
export function createWebServer(options: WebServerOptions): WebServer {
  const { tls } = options
  const app = fastify<Server>({
    bodyLimit: FORM_BYTES_MAX,
    routerOptions: { maxParamLength: 4096 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    ...(tls && { serverFactory: (answer) => createTlsServer(tlsServerOptions(tls), answer) }),
  })
  acceptForms(app)
  answerErrors(app, options)
  app.addHook('onSend', compressReply)
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer')
  })
  openRoutes(app, options)
  const live = createLiveReports(options)
  app.register(async (guarded) => {
    const authorize = createAuthorizer(options.tokens)
    guarded.addHook('onRequest', async (request) => authorize(request))
    guarded.get('/metrics', (_request, reply) =>
      reply.type('text/plain; version=0.0.4; charset=utf-8').send(options.selfMetrics()),
    )
    otlpRoute(guarded, options.otlp)
    guarded.register(async (tenants) => {
      tenants.addHook('onRequest', async (request) => rememberTenant(request, options.multitenancy))
      prometheusRoutes(tenants, options)
      ownRoutes(tenants, {
        ...options,
        actOnRecommendation: (tenant, id, action) => {
          const changed = options.actOnRecommendation(tenant, id, action)
          live.forget(tenant)
          return changed
        },
      })
      profileRoutes(tenants, options.profiles)
      liveRoute(tenants, live, options.profiles, options.runSteps)
    })
  })
  app.register(async (page) => {
    const guarded = options.tokens.length > 0 || options.multitenancy
    pageRoutes(page, { version: options.version, live, runSteps: options.runSteps, guarded })
  })
  return serverOf(app, tls === undefined ? 'http' : 'https')
}

/** Forms as Prometheus takes them. Bodies of other types are left unread, except for OTLP. */
function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null))
}

function answerErrors(app: FastifyInstance, { onInternalError }: WebServerOptions): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const answer = errorAnswerOf(error)
    if (answer !== undefined) return sendError(reply, answer)
    // Fastify's own refusals (a body too large, a bad header) carry a status below 500.
    const { statusCode, message } = error as { statusCode?: number; message: string }
    if (statusCode !== undefined && statusCode < 500) {
      return sendError(reply, { status: statusCode, errorType: 'bad_data', error: message })
    }
    onInternalError(error, request.url)
    return sendError(reply, {
      status: 500,
      errorType: 'internal',
      error: 'internal error; the log of the analyzer has its cause',
    })
  })
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, {
      status: 404,
      errorType: 'not_found',
      error: `there is no ${request.method} ${request.url.split('?')[0]}; /api/v1/openapi.json lists what there is`,
    }),
  )
}

/** What load balancers ask, without a token; the words are Prometheus'. */
function openRoutes(app: FastifyInstance, { ready }: WebServerOptions): void {
  app.get('/-/healthy', (_request, reply) =>
    reply.type('text/plain').send('Chokepoint is Healthy.\n'),
  )
  app.get('/-/ready', (_request, reply) =>
    ready()
      ? reply.type('text/plain').send('Chokepoint is Ready.\n')
      : reply.code(503).type('text/plain').send('Service Unavailable\n'),
  )
}

/** The receiver reads the raw stream by itself: it has its own limits and answers. */
function otlpRoute(app: FastifyInstance, handle: OtlpHandler): void {
  app.register(async (raw) => {
    raw.removeAllContentTypeParsers()
    raw.addContentTypeParser('*', (_request, _payload, done) => done(null))
    raw.post(OTLP_PATH, (request, reply) => {
      reply.hijack()
      handle(request.raw, reply.raw)
    })
  })
}

function serverOf(app: FastifyInstance, scheme: 'http' | 'https'): WebServer {
  const address = () => {
    const bound = app.server.address() as AddressInfo | null
    if (bound === null) return ''
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return `${scheme}://${host}:${bound.port}`
  }
  return {
    listen: async (host, port) => {
      try {
        await app.listen({ host, port })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
        throw new ChokepointError(
          'PORT_IN_USE',
          `cannot listen on ${host}:${port} for the API: the port is in use`,
          { cause: error },
        )
      }
      return (app.server.address() as AddressInfo).port
    },
    close: () => app.close(),
    address,
  }
}

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ProfilePort } from '../model/profile.ts'
import type { PerformanceReport } from '../model/report.ts'
import { SafeHtml } from '../report/html/safe-html.ts'
import { type SectionOptions, sectionTexts } from '../report/html/sections.ts'
import { PAGE_ASSETS, readPageAsset } from '../report/page-assets.ts'
import { sendAnswer } from './envelope.ts'
import { gatherInSteps } from './json-text.ts'
import type { LiveReports } from './live-reports.ts'
import type { RunSteps } from './ports.ts'
import { renderPage, renderWelcome } from './render-page.ts'
import { tenantOf } from './tenant.ts'

export interface PageRouteOptions {
  readonly version: string
  readonly live: LiveReports
  readonly runSteps: RunSteps
  /** True when a request must say who it is: then the page asks, and comes without data. */
  readonly guarded: boolean
}

/** What the page may do: run and load only what this server serves. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What the page polls: the same sections as the report's, and the charts' data. */
export function liveRoute(
  app: FastifyInstance,
  live: LiveReports,
  profiles: Pick<ProfilePort, 'state'>,
  runSteps: RunSteps,
): void {
  app.get('/api/v1/live', async (request, reply) => {
    const report = await live.of(tenantOf(request))
    const sections =
      report.snapshot.series === 0
        ? renderWelcome(originOf(request))
        : await sectionsOf(
            report,
            { actions: true, profiles: profiles.state(tenantOf(request)) },
            runSteps,
          )
    reply.header('cache-control', 'no-store')
    return sendAnswer(reply, {
      data: { time: report.generatedAt, html: sections.text, charts: report.charts },
    })
  })
}

/** The page's body, written in steps. */
async function sectionsOf(
  report: PerformanceReport,
  options: SectionOptions,
  runSteps: RunSteps,
): Promise<SafeHtml> {
  const pieces = await runSteps(gatherInSteps(sectionTexts(report, options)))
  return new SafeHtml(pieces.join(''))
}

/** The live page at `/` and what it loads. */
export function pageRoutes(app: FastifyInstance, options: PageRouteOptions): void {
  app.get('/', async (request, reply) => {
    const { guarded, live, version, runSteps } = options
    const report = guarded ? undefined : await live.of(tenantOf(request))
    const sections = report && (await sectionsOf(report, { actions: true }, runSteps))
    const page = renderPage({ report, sections, version, origin: originOf(request) })
    return reply
      .header('content-security-policy', PAGE_POLICY)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(page)
  })
  assetRoutes(app)
}

/** The address that the reader's browser sees, to show in commands; escaped where it is shown. */
function originOf(request: { readonly protocol: string; readonly host: string }): string {
  return `${request.protocol}://${request.host}`
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** The page's scripts and styles; their ETag is their hash, so a new version is seen at once. */
function assetRoutes(app: FastifyInstance): void {
  const assets = [
    ...PAGE_ASSETS.map((name) => [name, readPageAsset(name)] as const),
    ...['live.js', 'morph.js'].map(
      (name) => [name, readFileSync(join(import.meta.dirname, 'page', name), 'utf8')] as const,
    ),
  ]
  for (const [name, text] of assets) {
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
    app.get(`/page/${name}`, (request, reply): FastifyReply => {
      reply.header('etag', etag).header('cache-control', 'no-cache')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(MEDIA_TYPES[name.split('.').at(-1)!]!).send(text)
    })
  }
}

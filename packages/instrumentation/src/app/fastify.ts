import { subscribe } from 'node:diagnostics_channel'
import { type ErrorSink, guarded } from './guard.ts'
import { httpRootOf } from './http-server.ts'

/** The parts of Fastify that are used here (fastify.dev/docs/latest/Reference/Hooks). */
interface FastifyRoute {
  readonly url: string
  onRequest?: OnRequest | OnRequest[]
}

type OnRequest = (
  request: { readonly raw: Parameters<typeof httpRootOf>[0] },
  reply: unknown,
  done: () => void,
) => void

interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown
}

/**
 * Tells the route of each Fastify request: every route gets a hook of its own that knows its template, so that
 * nothing is looked up while a request is served. Fastify announces its instances on a channel.
 */
export function watchFastify(report: ErrorSink): void {
  const onRoute = guarded(report, (route: FastifyRoute) => {
    const template = route.url
    const tellRoute: OnRequest = (request, _reply, done) => {
      const root = httpRootOf(request.raw)
      if (root !== undefined) root.route = template
      done()
    }
    const { onRequest } = route
    const own = onRequest === undefined ? [] : [onRequest].flat()
    route.onRequest = [tellRoute, ...own]
  })

  const onInitialization = guarded(report, (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance }
    fastify.addHook('onRoute', onRoute)
  })

  subscribe('fastify.initialization', onInitialization)
}

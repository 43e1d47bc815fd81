import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { type ErrorSink, guarded } from './guard.ts'
import { type HttpRoot, httpRootOf } from './http-server.ts'

type Hook = (...args: unknown[]) => unknown
type Handler = (this: unknown, request: FastifyRequest, reply: unknown) => unknown

/** The parts of Fastify that are used here (fastify.dev/docs/latest/Reference). */
interface FastifyRequest {
  readonly raw: IncomingMessage
  readonly routeOptions?: { readonly url?: string }
  /** Before Fastify 4.10. */
  readonly routerPath?: string
}

interface FastifyRoute {
  readonly method: string | readonly string[]
  readonly url: string
  readonly schema?: Readonly<Record<string, unknown>>
  handler: Handler
  onRequest?: Hook | Hook[]
  readonly preParsing?: Hook | Hook[]
  readonly preValidation?: Hook | Hook[]
  readonly preHandler?: Hook | Hook[]
}

interface FastifyInstance {
  addHook(name: string, hook: Hook): unknown
}

/** The hooks that run before a route's handler, and may answer instead of it. */
const EARLY_HOOKS = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const
/** The parts of a request that a route's schema may refuse. */
const CHECKED_PARTS = ['body', 'querystring', 'query', 'params', 'headers']
/** Fastify reads no body of them. */
const METHODS_WITHOUT_BODY = new Set(['GET', 'HEAD'])

/**
 * Tells the route of each Fastify request, by functions that know its template, so that nothing is looked up while a
 * request is served. Where its handler is the first that runs, the handler is wrapped: one hook makes Fastify walk its
 * list of hooks, three closures and 290 bytes a request. Fastify announces its instances on a channel.
 */
export function watchFastify(report: ErrorSink): void {
  const onRoute = guarded(report, (route: FastifyRoute) => {
    const telling = tellInHandler(route)
    // Plugins may still change it in hooks of their own; Fastify takes its hooks when all plugins are loaded.
    process.nextTick(guarded(report, () => tellBeforeOthers(route, telling)))
  })

  const onInitialization = guarded(report, (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance }
    fastify.addHook('onRoute', onRoute as Hook)
    tellInHooks(fastify, report)
  })

  subscribe('fastify.initialization', onInitialization)
}

/** Gives the handler that the route has then. */
function tellInHandler(route: FastifyRoute): Handler {
  const { url, handler } = route
  if (typeof handler !== 'function') return handler
  const tellingHandler: Handler = function (this: unknown, request) {
    tell(request, url)
    // biome-ignore lint/complexity/noArguments: a plugin may call it with others, at no cost
    return handler.apply(this, arguments as never)
  }
  route.handler = Object.defineProperties(tellingHandler, {
    name: { value: handler.name, configurable: true },
    length: { value: handler.length, configurable: true },
  })
  return route.handler
}

/**
 * Has a hook tell the route where a hook of the route, its body or its schema may end the request before its handler, or
 * where a plugin has put a handler of its own in place of ours.
 */
function tellBeforeOthers(route: FastifyRoute, telling: Handler): void {
  const isReplaced = route.handler !== telling
  const hasHook = EARLY_HOOKS.some((name) => route[name] !== undefined)
  const checks = CHECKED_PARTS.some((part) => route.schema?.[part] !== undefined)
  const readsBody = ![route.method].flat().every((method) => METHODS_WITHOUT_BODY.has(method))
  if (!isReplaced && !hasHook && !checks && !readsBody) return
  const { url, onRequest } = route
  const tellRoute = (request: FastifyRequest, _reply: unknown, done: () => void) => {
    tell(request, url)
    done()
  }
  route.onRequest = [tellRoute as Hook, ...(onRequest === undefined ? [] : [onRequest].flat())]
}

/** An app's first hook of a kind for all routes of an instance, which may end a request, comes after one of ours. */
function tellInHooks(fastify: FastifyInstance, report: ErrorSink): void {
  const told = new WeakMap<object, Set<string>>()
  const addHook = fastify.addHook
  const addOurs = guarded(report, (instance: FastifyInstance, name: string) => {
    if (!(EARLY_HOOKS as readonly string[]).includes(name)) return
    const names = told.get(instance) ?? new Set()
    if (names.has(name)) return
    told.set(instance, names.add(name))
    addHook.call(instance, name, name === 'preParsing' ? tellOfPayload : tellOfRequest)
  })
  fastify.addHook = function (this: FastifyInstance, name, hook) {
    addOurs(this, name)
    return addHook.call(this, name, hook)
  }
}

const tellOfRequest = ((request: FastifyRequest, _reply: unknown, done: () => void) => {
  tellFirst(request)
  done()
}) as Hook

const tellOfPayload = ((
  request: FastifyRequest,
  _reply: unknown,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
) => {
  tellFirst(request)
  done(null, payload)
}) as Hook

/** The first of an instance's hooks asks for the template: Fastify makes an object of twelve fields to tell it. */
function tellFirst(request: FastifyRequest): void {
  const root = rootOf(request)
  if (root !== undefined) root.route ??= templateOf(request)
}

function templateOf(request: FastifyRequest): string | undefined {
  const { routeOptions } = request
  return routeOptions === undefined ? request.routerPath : routeOptions.url
}

function tell(request: FastifyRequest | undefined, template: string): void {
  const root = rootOf(request)
  if (root !== undefined) root.route = template
}

/** @param request of a plugin that calls handlers by itself it may be anything */
function rootOf(request: FastifyRequest | undefined): HttpRoot | undefined {
  const raw = request?.raw
  return raw === undefined ? undefined : httpRootOf(raw)
}

import type { IncomingMessage } from 'node:http'
import { type HttpRoot, httpRootOf } from './http-server.ts'

/** The parts of Express's router that are used here, the same in versions 4 and 5. */
interface Layer {
  readonly route?: { readonly path: unknown }
  readonly path?: string
  [TEMPLATE]?: string
}

interface Router {
  readonly stack: Layer[]
  use(...args: unknown[]): Router
}

interface ExpressRequest extends IncomingMessage {
  readonly baseUrl: string
}

type HandleRequest = (this: Layer, request: ExpressRequest, ...rest: unknown[]) => unknown
type LayerPrototype = Record<'handleRequest' | 'handle_request', HandleRequest | undefined>

const TEMPLATE = Symbol('chokepoint.template')

/**
 * Prepares Express. A route's template is the templates of the routers it is mounted in and its own path. Express
 * forgets the template of a mount, so `use` notes it on the layer it makes; `baseUrl` at the time a layer
 * runs tells in which mount it runs.
 */
export function prepareExpress(exported: unknown): void {
  const { Router } = exported as { Router?: () => Router }
  if (typeof Router !== 'function') return
  const sample = Router()
  if (sample.stack.length === 0) sample.use(() => {})
  const layer = Object.getPrototypeOf(sample.stack[0]) as LayerPrototype
  noteMounts(Object.getPrototypeOf(sample) as Router)
  noteRoutes(layer, 'handleRequest' in layer ? 'handleRequest' : 'handle_request')
}

function noteMounts(router: Router): void {
  const use = router.use
  router.use = function chokepointUse(...args) {
    const before = this.stack.length
    const result = use.apply(this, args)
    const path = args[0]
    const named = typeof path === 'string' || path instanceof RegExp || Array.isArray(path)
    if (named) {
      for (const layer of this.stack.slice(before)) layer[TEMPLATE] = templateOf(path)
    }
    return result
  }
}

function noteRoutes(prototype: LayerPrototype, method: keyof LayerPrototype): void {
  const handle = prototype[method]
  if (handle === undefined) return
  prototype[method] = function chokepointHandle(request, ...rest) {
    const root = httpRootOf(request)
    if (root !== undefined) {
      const base = request.baseUrl ?? ''
      if (this.route !== undefined) {
        root.route = joined(root.mounts?.get(base) ?? base, templateOf(this.route.path))
      } else if (this[TEMPLATE] !== undefined && base !== '') {
        noteMount(root, this, base)
      }
    }
    return handle.call(this, request, ...rest)
  }
}

/** Keeps the template of a mount when it differs from the raw path that it has matched. */
function noteMount(root: HttpRoot, layer: Layer, base: string): void {
  const matched = layer.path ?? ''
  const outerRaw = base.endsWith(matched) ? base.slice(0, base.length - matched.length) : ''
  const outer = root.mounts?.get(outerRaw)
  const mount = layer[TEMPLATE]!
  if (outer === undefined && !/[:*{(]/.test(mount)) return
  root.mounts ??= new Map()
  root.mounts.set(base, joined(outer ?? outerRaw, mount))
}

function templateOf(path: unknown): string {
  if (Array.isArray(path)) return path.map(templateOf).join(',')
  return typeof path === 'string' ? path : String(path)
}

function joined(base: string, path: string): string {
  if (path === '/' || path === '') return base === '' ? '/' : base
  return `${base.replace(/\/$/, '')}${path.startsWith('/') ? '' : '/'}${path}`
}

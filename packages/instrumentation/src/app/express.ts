import type { IncomingMessage } from 'node:http'
import { type HttpRoot, httpRootOf } from './http-server.ts'
import { ownerOf } from './prototype-owner.ts'

/** The parts of Express's router that are used here, the same in versions 4 and 5. */
interface Layer {
  readonly route?: { readonly path: unknown }
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
  const { Router } = exported as { Router?: () => unknown }
  if (typeof Router !== 'function') return
  const sample = Router() as Router
  if (sample.stack.length === 0) sample.use(() => {})
  const layer = Object.getPrototypeOf(sample.stack[0]) as LayerPrototype
  const router = ownerOf(sample, 'use')
  if (router !== undefined) noteMounts(router)
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
        noteMount(root, this[TEMPLATE], base)
      }
    }
    return handle.call(this, request, ...rest)
  }
}

/** Keeps the template of the mount that has matched the raw path `base`. */
function noteMount(root: HttpRoot, template: string, base: string): void {
  root.mounts ??= new Map()
  let outer = ''
  for (const raw of root.mounts.keys()) {
    if (raw.length > outer.length && base.startsWith(`${raw}/`)) outer = raw
  }
  root.mounts.set(base, joined(root.mounts.get(outer) ?? '', template))
}

function templateOf(path: unknown): string {
  if (Array.isArray(path)) return path.map(templateOf).join(',')
  return typeof path === 'string' ? path : String(path)
}

function joined(base: string, path: string): string {
  if (path === '/' || path === '') return base === '' ? '/' : base
  return `${base.replace(/\/$/, '')}${path.startsWith('/') ? '' : '/'}${path}`
}

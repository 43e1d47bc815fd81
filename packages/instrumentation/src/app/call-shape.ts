import type { SpanRecordAttributes } from '../shared/messages.ts'

/** What a request can wait for. */
export type WaitKind =
  | 'cpu'
  | 'eventloop'
  | 'db'
  | 'http'
  | 'cache'
  | 'messaging'
  | 'fs'
  | 'dns'
  | 'pool'
  | 'other'

/** What child calls of the same kind, target and form have in common; made once, compared by identity. */
export interface CallShape {
  readonly kind: WaitKind
  /** Who is called: `postgresql orders`, `payment:8080`. */
  readonly target: string
  /** The form of the call without its values: a statement with `?`, a path with `{}`. */
  readonly shape: string
  /** Whether the calls of a request are counted; waiting for a pool is time, but not a call. */
  readonly counted: boolean
  readonly spanName: string
  /** `SpanKind` of the OpenTelemetry API. */
  readonly spanKind: number
  readonly scope: string
  readonly attributes: SpanRecordAttributes
}

/** How many shapes a process keeps, and how many of one target; the rest is counted as one shape `other`. */
const SHAPES_MAX = 2000
const SHAPES_PER_TARGET_MAX = 100
const TARGETS_MAX = 200

type Targets = Map<string, Map<string, CallShape>>

/** Interns the shapes of child calls, bounded. */
export class ShapeTable {
  readonly #byKind = new Map<WaitKind, Targets>()
  readonly #onDrop: () => void
  #shapes = 0
  #targets = 0

  /** @param onDrop called for each call whose shape found no room */
  constructor(onDrop: () => void) {
    this.#onDrop = onDrop
  }

  /** The shape of a call; `make` is asked only when it is new. */
  intern(
    kind: WaitKind,
    target: string,
    shape: string,
    make: (target: string, shape: string) => CallShape,
  ): CallShape {
    const targets = this.#targetsOf(kind)
    let shapes = targets.get(target)
    if (shapes === undefined) {
      if (this.#targets >= TARGETS_MAX && target !== 'other') {
        this.#onDrop()
        return this.intern(kind, 'other', 'other', make)
      }
      this.#targets++
      shapes = new Map()
      targets.set(target, shapes)
    }
    const known = shapes.get(shape)
    if (known !== undefined) return known
    const full = this.#shapes >= SHAPES_MAX || shapes.size >= SHAPES_PER_TARGET_MAX
    if (full && shape !== 'other') {
      this.#onDrop()
      return this.intern(kind, target, 'other', make)
    }
    this.#shapes++
    const made = make(target, shape)
    shapes.set(shape, made)
    return made
  }

  #targetsOf(kind: WaitKind): Targets {
    let targets = this.#byKind.get(kind)
    if (targets === undefined) {
      targets = new Map()
      this.#byKind.set(kind, targets)
    }
    return targets
  }
}

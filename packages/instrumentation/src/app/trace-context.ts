// Not by `import`: that reads every export, and the one named `webcrypto` loads ten modules more.
const { randomFillSync } = process.getBuiltinModule('node:crypto')

/** Who called: the part of a `traceparent` header that a child needs. */
export interface RemoteParent {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
  /** The `tracestate` header as it came: what vendors say to each other is handed on unread. */
  readonly traceState?: string
}

/** "Vendors SHOULD propagate at least 512 characters of a combined header." (w3.org/TR/trace-context) */
const TRACE_STATE_LENGTH_MAX = 512

const POOL_BYTES = 4096
/** Ids are parts of a text: a short one, because it outlives minor collections while it is in use. */
const TEXT_BYTES = 512
const pool = Buffer.alloc(POOL_BYTES)
let poolAt = POOL_BYTES
let digits = ''
let digitsAt = 0

/** Random bytes as lower-case hex: one system call serves hundreds of ids, one text some of them. */
function randomHex(bytes: number): string {
  if (digitsAt + 2 * bytes > digits.length) {
    if (poolAt === POOL_BYTES) {
      randomFillSync(pool)
      poolAt = 0
    }
    digits = pool.toString('hex', poolAt, poolAt + TEXT_BYTES)
    poolAt += TEXT_BYTES
    digitsAt = 0
  }
  digitsAt += 2 * bytes
  return digits.slice(digitsAt - 2 * bytes, digitsAt)
}

/** A new trace id. All zeros, the invalid id, has a chance of 2^-128. */
export function newTraceId(): string {
  return randomHex(16)
}

/** A new span id. */
export function newSpanId(): string {
  return randomHex(8)
}

/**
 * Reads a `traceparent` header; undefined when it is absent or breaks the rules below.
 *
 * "version-format = trace-id "-" parent-id "-" trace-flags"; "[all zeros] is considered an invalid value";
 * "Version ff is invalid"; of a higher version the first four fields are used.
 * (w3.org/TR/trace-context)
 */
export function parseTraceparent(header: string | undefined): RemoteParent | undefined {
  if (header === undefined || header.length < 55 || header.length > 512) return undefined
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(
    header.trim(),
  )
  if (match === null) return undefined
  const [, version, traceId, spanId, flags, rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 }
}

/** The caller with its `tracestate`; one that is too long or not printable is left out whole. */
export function withTraceState(
  parent: RemoteParent | undefined,
  traceState: string | undefined,
): RemoteParent | undefined {
  if (parent === undefined || traceState === undefined || traceState === '') return parent
  const fits = traceState.length <= TRACE_STATE_LENGTH_MAX && /^[\t\x20-\x7e]*$/.test(traceState)
  return fits ? { ...parent, traceState } : parent
}

/** The `traceparent` header for a call. */
export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

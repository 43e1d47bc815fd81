import type { Instruments } from './instruments.ts'
import { noisy } from './random.ts'

const MIB = 1024 ** 2

/** A call that each request of a route makes. */
export interface CallModel {
  readonly kind: 'http' | 'rpc' | 'db'
  /** `host:port` of a peer, `host:port package.Service/Method` of a remote procedure, `system collection` of a database. */
  readonly target: string
  readonly seconds: number
  readonly perRequest?: number
  /** 0 to 1: calls that fail. */
  readonly failing?: number
  /** The `error.type` of a remote procedure that fails. */
  readonly failsWith?: string
}

export interface RouteModel {
  readonly route: string
  readonly method?: string
  readonly perSecond: number
  /** Its own time, without its calls. */
  readonly seconds: number
  readonly calls?: readonly CallModel[]
  /** 0 to 1: requests answered with 500. */
  readonly failing?: number
}

export interface StallModel {
  readonly everySeconds: number
  readonly seconds: number
  readonly function: string
  readonly fromSecond?: number
}

/** One instance of a service: what it does, and what is wrong with it. */
export interface ServiceModel {
  readonly name: string
  readonly instance?: string
  readonly routes?: readonly RouteModel[]
  readonly stalls?: readonly StallModel[]
  /** Bytes of what survives, by the age of the process in seconds. */
  readonly heapBytes?: (ageSeconds: number) => number
  /** From this second on the faults of the routes (failing calls and requests) happen. */
  readonly failingFromSecond?: number
  /** Seconds at which a major collection runs; V8 makes them rarer as the heap grows. */
  readonly collectsAt?: (ageSeconds: number) => boolean
  /** Whatever else it reports, once a second. */
  readonly also?: (instruments: Instruments, ageSeconds: number, random: () => number) => void
}

/** Runs one second of a service's life. */
export function liveOneSecond(
  model: ServiceModel,
  instruments: Instruments,
  age: number,
  random: () => number,
  noise: number,
): void {
  for (const route of model.routes ?? []) {
    for (let left = route.perSecond; left > 0; left--) {
      // A part of a request a second is a request now and then.
      if (left >= 1 || random() < left) serve(model, route, instruments, age, random, noise)
    }
  }
  for (const stall of model.stalls ?? []) {
    const { everySeconds, seconds, fromSecond = 0 } = stall
    if (age < fromSecond || age % everySeconds !== 0) continue
    instruments.observe(
      'nodejs_eventloop_blocked_duration_seconds',
      {
        code_function_name: stall.function,
        code_file_path: '/app/pricing.js',
        code_line_number: '42',
      },
      seconds * noisy(random, noise / 4),
    )
  }
  instruments.set('nodejs_eventloop_utilization_ratio', {}, 0.2 * noisy(random, noise))
  reportHeap(model, instruments, age, random)
  model.also?.(instruments, age, random)
}

function serve(
  model: ServiceModel,
  { route, method = 'GET', seconds, calls = [], failing = 0 }: RouteModel,
  instruments: Instruments,
  age: number,
  random: () => number,
  noise: number,
): void {
  const faulty = age >= (model.failingFromSecond ?? 0)
  const own = seconds * noisy(random, noise)
  instruments.observe('request_time_split_seconds', { http_route: route, wait_kind: 'cpu' }, own)
  let total = own
  for (const call of calls) {
    let waited = 0
    for (let n = 0; n < (call.perRequest ?? 1); n++) {
      const fails = faulty && random() < (call.failing ?? 0)
      waited += makeCall(call, instruments, fails, call.seconds * noisy(random, noise))
    }
    const { target } = call
    // In the time of a request, a remote procedure is one more call over HTTP.
    const kind = call.kind === 'rpc' ? 'http' : call.kind
    const labels = { http_route: route }
    instruments.observe(
      'request_time_split_seconds',
      { ...labels, wait_kind: kind, wait_target: target },
      waited,
    )
    instruments.observe(
      'request_child_calls',
      { ...labels, call_kind: kind, call_target: target, call_shape: shapeOf(call) },
      call.perRequest ?? 1,
    )
    total += waited
  }
  const fails = faulty && random() < failing
  const status = fails
    ? { http_response_status_code: '500', error_type: '500' }
    : { http_response_status_code: '200' }
  instruments.observe(
    'http_server_request_duration_seconds',
    { http_route: route, http_request_method: method, ...status },
    total,
  )
}

function makeCall(
  call: CallModel,
  instruments: Instruments,
  fails: boolean,
  seconds: number,
): number {
  const [metric, labels] = CALL_SERIES[call.kind](call, fails)
  instruments.observe(metric, labels, seconds)
  return seconds
}

/** What a client records about one call, by its kind. */
const CALL_SERIES: Readonly<
  Record<CallModel['kind'], (call: CallModel, fails: boolean) => [string, Record<string, string>]>
> = {
  http: ({ target }, fails) => [
    'http_client_request_duration_seconds',
    {
      ...server(target),
      http_request_method: 'GET',
      http_response_status_code: fails ? '503' : '200',
      ...(fails ? { error_type: '503' } : {}),
    },
  ],
  rpc: ({ target, failsWith = 'UNAVAILABLE' }, fails) => {
    const [address = '', method = ''] = target.split(' ')
    const status = fails ? { error_type: failsWith } : {}
    const procedure = { rpc_system_name: 'grpc', rpc_method: method }
    return ['rpc_client_call_duration_seconds', { ...procedure, ...server(address), ...status }]
  },
  db: ({ target }) => {
    const [system = '', collection = ''] = target.split(' ')
    const statement = { db_operation_name: 'SELECT', db_collection_name: collection }
    return [
      'db_client_operation_duration_seconds',
      { db_system_name: system, ...statement, ...server('db:5432') },
    ]
  },
}

function server(target: string) {
  const [server_address = '', server_port = ''] = target.split(':')
  return { server_address, server_port }
}

function shapeOf({ kind, target }: CallModel): string {
  return kind === 'db' ? `SELECT * FROM ${target.split(' ')[1]} WHERE id = ?` : 'GET /{}'
}

const floors = new WeakMap<Instruments, number>()

/** The floor moves only when a major collection runs; heap in use adds garbage to what survives. */
function reportHeap(
  {
    heapBytes = (age) => (30 + Math.min(6, age / 5)) * MIB,
    collectsAt = (age) => age % 7 === 0,
  }: ServiceModel,
  instruments: Instruments,
  age: number,
  random: () => number,
): void {
  const live = heapBytes(age)
  if (collectsAt(age) || !floors.has(instruments)) floors.set(instruments, live)
  instruments.set('nodejs_heap_floor_bytes', {}, floors.get(instruments)!)
  instruments.set('nodejs_heap_limit_bytes', {}, 4288 * MIB)
  instruments.set('process_memory_usage_bytes', {}, live + 80 * MIB)
  const labels = { v8js_heap_space_name: 'old_space' }
  instruments.set('v8js_memory_heap_used_bytes', labels, live + 4 * MIB * random())
  instruments.set(
    'v8js_memory_heap_used_bytes',
    { v8js_heap_space_name: 'new_space' },
    16 * MIB * random(),
  )
}

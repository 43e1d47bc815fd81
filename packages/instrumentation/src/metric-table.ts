/** What an OpenTelemetry instrument is called in the table below. */
export type InstrumentKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram'

/** One metric that this package emits. Dashboards, rules and docs are generated from these rows. */
export interface MetricRow {
  readonly name: string
  readonly kind: InstrumentKind
  /** UCUM, as OpenTelemetry writes units. */
  readonly unit: string
  readonly description: string
  readonly attributes: readonly string[]
  /** `semconv`: OpenTelemetry's own name and meaning; `chokepoint`: ours, where no convention exists. */
  readonly origin: 'semconv' | 'chokepoint'
}

const semconv = (
  name: string,
  kind: InstrumentKind,
  unit: string,
  attributes: string,
  description: string,
): MetricRow => row(name, kind, unit, attributes, description, 'semconv')

const ours = (
  name: string,
  kind: InstrumentKind,
  unit: string,
  attributes: string,
  description: string,
): MetricRow => row(name, kind, unit, attributes, description, 'chokepoint')

function row(
  name: string,
  kind: InstrumentKind,
  unit: string,
  attributes: string,
  description: string,
  origin: MetricRow['origin'],
): MetricRow {
  return {
    name,
    kind,
    unit,
    description,
    attributes: attributes === '' ? [] : attributes.split(' '),
    origin,
  }
}

// biome-ignore format: a table is read by its columns
export const METRIC_TABLE: readonly MetricRow[] = [
  // Requests in and calls out
  semconv('http.server.request.duration', 'histogram', 's', 'http.request.method http.route http.response.status_code url.scheme network.protocol.version error.type', 'Duration of HTTP server requests'),
  semconv('http.server.active_requests', 'updowncounter', '{request}', 'http.request.method url.scheme network.protocol.version', 'HTTP server requests in flight'),
  semconv('http.client.request.duration', 'histogram', 's', 'http.request.method server.address server.port http.response.status_code network.protocol.version error.type', 'Duration of HTTP client requests'),
  semconv('db.client.operation.duration', 'histogram', 's', 'db.system.name db.operation.name db.collection.name db.namespace server.address server.port error.type', 'Duration of database client operations'),
  semconv('db.client.connection.count', 'updowncounter', '{connection}', 'db.client.connection.pool.name db.client.connection.state', 'Connections of a pool, by state idle or used'),
  semconv('db.client.connection.limit', 'updowncounter', '{connection}', 'db.client.connection.pool.name', 'The most connections that a pool may open'),
  semconv('db.client.connection.pending_requests', 'updowncounter', '{request}', 'db.client.connection.pool.name', 'Requests that wait for a connection of a pool'),
  semconv('db.client.connection.wait_time', 'histogram', 's', 'db.client.connection.pool.name', 'Time it took to get a connection from a pool'),
  semconv('db.client.connection.use_time', 'histogram', 's', 'db.client.connection.pool.name', 'Time between borrowing a connection and giving it back'),
  semconv('db.client.connection.timeouts', 'counter', '{timeout}', 'db.client.connection.pool.name', 'Waits for a connection that timed out'),
  semconv('messaging.client.operation.duration', 'histogram', 's', 'messaging.system messaging.operation.name messaging.destination.name error.type', 'Duration of messaging client operations'),
  semconv('messaging.process.duration', 'histogram', 's', 'messaging.system messaging.destination.name error.type', 'Duration of processing a message'),
  semconv('rpc.client.call.duration', 'histogram', 's', 'rpc.system.name rpc.method rpc.status_code server.address server.port error.type', 'Duration of calls of remote procedures'),
  semconv('rpc.server.call.duration', 'histogram', 's', 'rpc.system.name rpc.method rpc.status_code error.type', 'Duration of remote procedures that this process serves'),
  ours('component.operation.duration', 'histogram', 's', 'component.name operation.name error.type', 'Duration of an operation of a component that the app names'),
  ours('request.time.split', 'histogram', 's', 'http.route wait.kind wait.target', 'Time of a request by what it waited for'),
  ours('request.child.calls', 'histogram', '{call}', 'http.route call.kind call.target call.shape', 'Child calls of one kind that one request made'),
  // The Node.js runtime
  semconv('nodejs.eventloop.utilization', 'gauge', '1', '', 'Part of the time that the event loop was active'),
  semconv('nodejs.eventloop.time', 'counter', 's', 'nodejs.eventloop.state', 'Time the event loop was active or idle'),
  semconv('nodejs.eventloop.delay.min', 'gauge', 's', '', 'Smallest event loop delay'),
  semconv('nodejs.eventloop.delay.max', 'gauge', 's', '', 'Largest event loop delay'),
  semconv('nodejs.eventloop.delay.mean', 'gauge', 's', '', 'Mean event loop delay'),
  semconv('nodejs.eventloop.delay.stddev', 'gauge', 's', '', 'Standard deviation of the event loop delay'),
  semconv('nodejs.eventloop.delay.p50', 'gauge', 's', '', 'Median event loop delay'),
  semconv('nodejs.eventloop.delay.p90', 'gauge', 's', '', '90th percentile of the event loop delay'),
  semconv('nodejs.eventloop.delay.p99', 'gauge', 's', '', '99th percentile of the event loop delay'),
  ours('nodejs.eventloop.blocked.duration', 'histogram', 's', 'code.function.name code.file.path code.line.number', 'Time a stall blocked the event loop, with the frame that blocked it; without one when it ended before its profile began'),
  ours('nodejs.threadpool.delay', 'gauge', 's', '', 'Round trip of a canary task through the libuv thread pool, without event loop delay'),
  ours('nodejs.threadpool.utilization', 'gauge', '1', '', 'Part of the time that the libuv threads were on a processor'),
  semconv('v8js.gc.duration', 'histogram', 's', 'v8js.gc.type', 'Duration of garbage collections by kind'),
  semconv('v8js.memory.heap.used', 'updowncounter', 'By', 'v8js.heap.space.name', 'Heap memory in use, by space'),
  semconv('v8js.memory.heap.space.size', 'updowncounter', 'By', 'v8js.heap.space.name', 'Heap memory allocated, by space'),
  semconv('v8js.memory.heap.space.available_size', 'updowncounter', 'By', 'v8js.heap.space.name', 'Heap memory available, by space'),
  semconv('v8js.memory.heap.space.physical_size', 'updowncounter', 'By', 'v8js.heap.space.name', 'Physical memory of the heap, by space'),
  ours('nodejs.heap.limit', 'gauge', 'By', '', 'The size at which V8 gives up: heap_size_limit'),
  ours('nodejs.heap.floor', 'gauge', 'By', '', 'Heap in use right after the last major garbage collection'),
  semconv('v8js.resource.active', 'gauge', '{resource}', 'v8js.resource.type', 'Active handles and requests, by type'),
  // The app's worker threads, one series for each that lives
  ours('nodejs.worker.count', 'gauge', '{thread}', '', 'Worker threads of the app that are watched'),
  ours('nodejs.worker.eventloop.utilization', 'gauge', '1', 'thread.id thread.name', 'Part of the time that the event loop of a worker thread was active'),
  ours('nodejs.worker.eventloop.delay.max', 'gauge', 's', 'thread.id thread.name', 'Largest event loop delay of a worker thread'),
  ours('nodejs.worker.eventloop.delay.p99', 'gauge', 's', 'thread.id thread.name', '99th percentile of the event loop delay of a worker thread'),
  ours('nodejs.worker.heap.used', 'gauge', 'By', 'thread.id thread.name', 'Heap in use of a worker thread'),
  ours('nodejs.worker.heap.limit', 'gauge', 'By', 'thread.id thread.name', 'The size at which V8 ends a worker thread'),
  // The process
  semconv('process.cpu.time', 'counter', 's', 'cpu.mode', 'Processor time of the process'),
  semconv('process.cpu.utilization', 'gauge', '1', 'cpu.mode', 'Processor time of the process over elapsed time and processors'),
  semconv('process.memory.usage', 'updowncounter', 'By', '', 'Resident memory of the process'),
  semconv('process.memory.virtual', 'updowncounter', 'By', '', 'Virtual memory of the process'),
  semconv('process.thread.count', 'updowncounter', '{thread}', '', 'Threads of the process'),
  semconv('process.unix.file_descriptor.count', 'updowncounter', '{file_descriptor}', '', 'Open file descriptors of the process'),
  semconv('process.context_switches', 'counter', '{context_switch}', 'process.context_switch.type', 'Context switches of the process'),
  semconv('process.paging.faults', 'counter', '{fault}', 'system.paging.fault.type', 'Page faults of the process'),
  semconv('process.disk.io', 'counter', 'By', 'disk.io.direction', 'Bytes the process read from and wrote to disks'),
  semconv('process.uptime', 'gauge', 's', '', 'Time the process has been running'),
  // The host
  semconv('system.cpu.time', 'counter', 's', 'cpu.mode cpu.logical_number', 'Processor time of the host'),
  semconv('system.cpu.utilization', 'gauge', '1', 'cpu.mode cpu.logical_number', 'Part of the time that a processor of the host was in a mode'),
  semconv('system.cpu.logical.count', 'updowncounter', '{cpu}', '', 'Logical processors of the host'),
  semconv('system.memory.usage', 'updowncounter', 'By', 'system.memory.state', 'Memory of the host, by state used, free, cached, buffers'),
  semconv('system.memory.utilization', 'gauge', '1', 'system.memory.state', 'Part of the memory of the host, by state'),
  semconv('system.memory.limit', 'updowncounter', 'By', '', 'Memory of the host'),
  semconv('system.memory.linux.available', 'updowncounter', 'By', '', 'Memory that can be had without swapping, as the kernel estimates'),
  semconv('system.paging.usage', 'updowncounter', 'By', 'system.paging.state', 'Swap of the host, by state'),
  semconv('system.paging.faults', 'counter', '{fault}', 'system.paging.fault.type', 'Page faults of the host'),
  semconv('system.paging.operations', 'counter', '{operation}', 'system.paging.fault.type system.paging.direction', 'Pages moved in and out'),
  semconv('system.disk.io', 'counter', 'By', 'system.device disk.io.direction', 'Bytes read from and written to a disk'),
  semconv('system.disk.operations', 'counter', '{operation}', 'system.device disk.io.direction', 'Operations of a disk'),
  semconv('system.disk.io_time', 'counter', 's', 'system.device', 'Time a disk was busy'),
  semconv('system.disk.operation_time', 'counter', 's', 'system.device disk.io.direction', 'Sum of the times that operations of a disk took'),
  semconv('system.filesystem.usage', 'updowncounter', 'By', 'system.device system.filesystem.mountpoint system.filesystem.type system.filesystem.state', 'Space of a file system, by state used, free, reserved'),
  semconv('system.filesystem.utilization', 'gauge', '1', 'system.device system.filesystem.mountpoint system.filesystem.type', 'Used part of a file system'),
  semconv('system.filesystem.limit', 'updowncounter', 'By', 'system.device system.filesystem.mountpoint system.filesystem.type', 'Space of a file system'),
  semconv('system.network.io', 'counter', 'By', 'network.interface.name network.io.direction', 'Bytes received and sent'),
  semconv('system.network.packet.count', 'counter', '{packet}', 'network.interface.name network.io.direction', 'Packets received and sent'),
  semconv('system.network.packet.dropped', 'counter', '{packet}', 'network.interface.name network.io.direction', 'Packets dropped'),
  semconv('system.network.errors', 'counter', '{error}', 'network.interface.name network.io.direction', 'Network errors'),
  semconv('system.network.connection.count', 'updowncounter', '{connection}', 'network.transport network.connection.state', 'TCP connections of the host, by state'),
  semconv('system.process.count', 'updowncounter', '{process}', 'process.state', 'Processes of the host, by state'),
  semconv('system.uptime', 'gauge', 's', '', 'Time the host has been running'),
  ours('system.linux.load', 'gauge', '1', 'system.load.window', 'Load average over 1m, 5m and 15m'),
  ours('system.linux.psi.time', 'counter', 's', 'system.psi.resource system.psi.kind', 'Time that some or all tasks stalled for cpu, memory or io'),
  ours('system.linux.psi.avg10', 'gauge', '1', 'system.psi.resource system.psi.kind', 'Part of the last 10 s that some or all tasks stalled'),
  // The container, by its control group
  semconv('container.cpu.time', 'counter', 's', 'cpu.mode', 'Processor time of the container'),
  semconv('container.cpu.usage', 'gauge', '{cpu}', '', 'Processors that the container used'),
  ours('container.cpu.limit', 'gauge', '{cpu}', '', 'Processors that the container may use'),
  ours('container.cpu.throttled.time', 'counter', 's', '', 'Time the container was not run because its quota was used up'),
  ours('container.cpu.throttled.periods', 'counter', '{period}', '', 'Periods in which the quota was used up'),
  ours('container.cpu.periods', 'counter', '{period}', '', 'Periods of the processor quota'),
  semconv('container.memory.usage', 'updowncounter', 'By', '', 'Memory of the container'),
  semconv('container.memory.available', 'updowncounter', 'By', '', 'Memory the container may still take'),
  semconv('container.memory.working_set', 'updowncounter', 'By', '', 'Memory of the container without inactive file cache'),
  ours('container.memory.limit', 'gauge', 'By', '', 'Memory that the container may use'),
  ours('container.memory.events', 'counter', '{event}', 'container.memory.event', 'Memory events of the control group: high, max, oom, oom_kill'),
  semconv('container.disk.io', 'counter', 'By', 'disk.io.direction', 'Bytes the container read from and wrote to disks'),
  // The instrumentation itself
  ours('chokepoint.sdk.cpu.time', 'counter', 's', '', 'Processor time of the watch thread'),
  ours('chokepoint.sdk.app.time', 'counter', 's', '', "Processor time that the instrumentation took from the app's threads, estimated from what they recorded"),
  ours('chokepoint.sdk.memory.usage', 'updowncounter', 'By', '', 'Memory of the watch thread'),
  ours('chokepoint.sdk.level', 'gauge', '1', '', 'What the governor allows: 0 everything, 1 child counts of one request in ten, 2 no spans, 3 no profiles'),
  ours('chokepoint.sdk.series', 'gauge', '{series}', '', 'Attribute sets that have a place in shared memory'),
  ours('chokepoint.sdk.library', 'updowncounter', '{library}', 'chokepoint.library.name chokepoint.library.version chokepoint.library.observer chokepoint.library.state', 'Libraries that the app has loaded, by what became of each: observed, disabled, version not supported'),
  ours('chokepoint.sdk.dropped', 'counter', '{item}', 'chokepoint.drop.kind chokepoint.drop.reason', 'Items dropped, by kind series, span, attribute, and by reason'),
  ours('chokepoint.sdk.export.duration', 'histogram', 's', 'chokepoint.signal error.type', 'Duration of an export'),
  ours('chokepoint.sdk.export.queue', 'gauge', 'By', 'chokepoint.signal', 'Bytes that wait to be exported'),
]

/** What a metric or its attributes are called now, where conventions changed. */
interface MetricRename {
  /** The old name. */
  readonly from: string
  readonly to: string
}

/** An attribute's new name on the metrics whose names start with `metrics`. */
interface AttributeRename {
  readonly metrics: string
  readonly from: string
  readonly to: string
  /** Old values and what they are called now. */
  readonly values?: Readonly<Record<string, string>>
}

// Sources: the changelog of OpenTelemetry semantic conventions 1.20-1.45, and what the Collector's
// host_metrics receiver and @opentelemetry/host-metrics still send.
// biome-ignore format: a table is read by its columns
const METRICS: readonly MetricRename[] = [
  { from: 'system.network.dropped',            to: 'system.network.packet.dropped' },
  { from: 'system.network.packets',            to: 'system.network.packet.count' },
  { from: 'system.network.connections',        to: 'system.network.connection.count' },
  { from: 'system.processes.count',            to: 'system.process.count' },
  { from: 'process.threads',                   to: 'process.thread.count' },
  { from: 'process.open_file_descriptors',     to: 'process.unix.file_descriptor.count' },
  { from: 'process.open_file_descriptor.count', to: 'process.unix.file_descriptor.count' },
  { from: 'db.client.connections.usage',       to: 'db.client.connection.count' },
  { from: 'db.client.connections.max',         to: 'db.client.connection.limit' },
  { from: 'db.client.connection.max',          to: 'db.client.connection.limit' },
  { from: 'db.client.connections.pending_requests', to: 'db.client.connection.pending_requests' },
  { from: 'db.client.connections.timeouts',    to: 'db.client.connection.timeouts' },
  { from: 'v8js.memory.heap.limit',            to: 'v8js.memory.heap.space.size' },
]

const CPU_MODES = { wait: 'iowait' }

// biome-ignore format: a table is read by its columns
const ATTRIBUTES: readonly AttributeRename[] = [
  { metrics: 'system.cpu.',        from: 'system.cpu.state',          to: 'cpu.mode', values: CPU_MODES },
  { metrics: 'system.cpu.',        from: 'state',                     to: 'cpu.mode', values: CPU_MODES },
  { metrics: 'system.cpu.',        from: 'system.cpu.logical_number', to: 'cpu.logical_number' },
  { metrics: 'system.cpu.',        from: 'cpu',                       to: 'cpu.logical_number' },
  { metrics: 'process.cpu.',       from: 'process.cpu.state',         to: 'cpu.mode', values: CPU_MODES },
  { metrics: 'process.cpu.',       from: 'state',                     to: 'cpu.mode', values: CPU_MODES },
  { metrics: 'container.cpu.',     from: 'container.cpu.state',       to: 'cpu.mode', values: CPU_MODES },
  { metrics: 'system.memory.',     from: 'state',                     to: 'system.memory.state' },
  { metrics: 'system.paging.',     from: 'state',                     to: 'system.paging.state' },
  { metrics: 'system.paging.',     from: 'type',                      to: 'system.paging.fault.type' },
  { metrics: 'system.paging.',     from: 'system.paging.type',        to: 'system.paging.fault.type' },
  { metrics: 'system.paging.',     from: 'direction',                 to: 'system.paging.direction' },
  { metrics: 'system.disk.',       from: 'device',                    to: 'system.device' },
  { metrics: 'system.disk.',       from: 'direction',                 to: 'disk.io.direction' },
  { metrics: 'system.filesystem.', from: 'device',                    to: 'system.device' },
  { metrics: 'system.filesystem.', from: 'mountpoint',                to: 'system.filesystem.mountpoint' },
  { metrics: 'system.filesystem.', from: 'type',                      to: 'system.filesystem.type' },
  { metrics: 'system.filesystem.', from: 'state',                     to: 'system.filesystem.state' },
  { metrics: 'system.filesystem.', from: 'mode',                      to: 'system.filesystem.mode' },
  { metrics: 'system.network.',    from: 'system.device',             to: 'network.interface.name' },
  { metrics: 'system.network.',    from: 'device',                    to: 'network.interface.name' },
  { metrics: 'system.network.',    from: 'direction',                 to: 'network.io.direction' },
  { metrics: 'system.network.',    from: 'protocol',                  to: 'network.transport' },
  { metrics: 'system.network.',    from: 'state',                     to: 'network.connection.state' },
  { metrics: 'system.process',     from: 'status',                    to: 'process.state' },
  { metrics: 'system.process',     from: 'system.process.status',     to: 'process.state' },
  { metrics: 'process.disk.',      from: 'direction',                 to: 'disk.io.direction' },
  { metrics: 'process.context_switches', from: 'type',                to: 'process.context_switch.type' },
  { metrics: 'process.paging.',    from: 'type',                      to: 'system.paging.fault.type' },
  { metrics: 'process.paging.',    from: 'process.paging.fault_type', to: 'system.paging.fault.type' },
  { metrics: 'db.client.connection', from: 'state',                   to: 'db.client.connection.state' },
  { metrics: 'db.client.connection', from: 'pool.name',               to: 'db.client.connection.pool.name' },
  { metrics: 'db.client.',         from: 'db.system',                 to: 'db.system.name' },
  { metrics: 'db.client.',         from: 'db.operation',              to: 'db.operation.name' },
  { metrics: 'db.client.',         from: 'db.sql.table',              to: 'db.collection.name' },
  { metrics: 'db.client.',         from: 'db.name',                   to: 'db.namespace' },
]

// @opentelemetry/host-metrics sets no units, and a name needs its unit to be the same name for all.
// biome-ignore format: a table is read by its columns
const UNITS: Readonly<Record<string, string>> = {
  'system.cpu.time': 's', 'system.cpu.utilization': '1', 'system.memory.usage': 'By', 'system.memory.utilization': '1',
  'system.network.io': 'By', 'system.network.packet.dropped': '{packet}', 'system.network.errors': '{error}',
  'process.cpu.time': 's', 'process.cpu.utilization': '1', 'process.memory.usage': 'By', 'process.memory.virtual': 'By',
}

const metricsByOldName = new Map(METRICS.map((row) => [row.from, row.to]))

/** The name that semantic conventions give a metric today. */
export function currentMetricName(name: string): string {
  return metricsByOldName.get(name) ?? name
}

/** The unit of a metric; for known metrics that come without one, the unit of the convention. */
export function currentUnit(name: string, unit: string): string {
  return unit === '' && Object.hasOwn(UNITS, name) ? UNITS[name]! : unit
}

/** The rows that apply to a metric's attributes; the name is the current one. */
export function attributeRenames(metric: string): ReadonlyMap<string, AttributeRename> {
  return new Map(
    ATTRIBUTES.filter((row) => metric.startsWith(row.metrics)).map((row) => [row.from, row]),
  )
}

export type { AttributeRename }

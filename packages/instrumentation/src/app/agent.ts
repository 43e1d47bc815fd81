import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import type { Settings } from '../settings/settings.ts'
import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'
import { AppMeterProvider } from './app-meters.ts'
import { limitSpans } from './app-span.ts'
import { type Http2, whenBuiltinLoads } from './builtin-loaded.ts'
import { ShapeTable } from './call-shape.ts'
import { DbMetrics } from './db-metrics.ts'
import { watchEsmLoads } from './esm-loads.ts'
import { watchFastify } from './fastify.ts'
import { watchGraphql } from './graphql.ts'
import { guarded } from './guard.ts'
import { watchHttpClients } from './http-client.ts'
import { HttpClientMetrics } from './http-client-metrics.ts'
import { watchHttpServers } from './http-server.ts'
import { HttpServerMetrics } from './http-server-metrics.ts'
import { watchHttp2Clients } from './http2-client.ts'
import { watchHttp2Servers } from './http2-server.ts'
import { disabledLibraries, libraryHooks } from './library-hooks.ts'
import { LibraryReport, OURS } from './library-report.ts'
import { type LibraryHook, watchModuleLoads } from './module-loads.ts'
import { watchNodeWaits } from './node-waits.ts'
import { OfficialInstrumentations } from './official-instrumentations.ts'
import { StoreContextManager } from './otel-context.ts'
import { W3cPropagator } from './otel-propagator.ts'
import { TrackerTracerProvider } from './otel-tracing.ts'
import { PoolMetrics } from './pool-metrics.ts'
import { watchProcessEnd, watchThreadEnd } from './process-end.ts'
import { processWide } from './process-wide.ts'
import { watchProfileSignal } from './profile-signal.ts'
import { RequestTracker } from './request-tracker.ts'
import type { RootHistograms } from './route-stats.ts'
import { startRuntimeProbe } from './runtime-probe.ts'
import { SpanCalls } from './span-calls.ts'
import { JsonSpans, ProtobufSpans } from './span-forms.ts'
import { SpanOutbox } from './span-outbox.ts'
import { ThreadLink } from './thread-link.ts'
import { keepTickShape } from './tick-shape.ts'
import { TraceChooser } from './trace-chooser.ts'
import { watchUndici } from './undici-client.ts'
import { UndiciPools } from './undici-pool.ts'
import { type Link, WatchLink } from './watch-link.ts'
import { watchWorkerEnds } from './worker-ends.ts'

/** How long an exit may wait for the last export. */
const EXIT_WAIT_MS = 450

/** The app's own instruments are sent on at least this often, so that `/metrics` is fresh. */
const APP_METRICS_MS_MAX = 1000

/** One line for the person who runs the app; never on stdout, which is the app's. */
export function warnOnStderr(line: string): void {
  try {
    writeSync(2, `[chokepoint] ${line}\n`)
  } catch {
    // A closed or full stderr is no reason to disturb the app.
  }
}

/** Whether `OTEL_LOG_LEVEL` lets warnings be told. */
export function tellsWarnings({ logLevel }: Settings): boolean {
  return logLevel !== 'none' && logLevel !== 'error'
}

/** Everything of the app thread, made and joined. */
export function startAgent(settings: Settings): void {
  const warn = tellsWarnings(settings) ? warnOnStderr : () => {}
  limitSpans(settings.traces.limits)
  const wide = processWide()
  wide.started = true
  keepTickShape()
  const { writer } = wide
  const link: Link = isMainThread
    ? new WatchLink(writer.memory, settings, warn)
    : new ThreadLink(writer.memory)
  const report = errorReporter(writer, warn)
  const { traces } = settings
  const outbox = new SpanOutbox({
    form: traces.otlp?.encoding === 'json' ? new JsonSpans() : new ProtobufSpans(),
    send: (batch) => link.sendSpans(batch),
    onDrop: (count) => writer.drop('span.queue_full', count),
    batchSpansMax: traces.batchSpansMax,
  })
  const chooser = new TraceChooser(
    settings.traces.sampler,
    settings.traces.slowMs ?? Number.POSITIVE_INFINITY,
    Math.random,
  )
  const tracker = new RequestTracker(writer, chooser, outbox, settings.propagators)
  const histograms: RootHistograms = {
    timeSplit: new HistogramRecorder(writer, recordedInstrument('request.time.split')),
    childCalls: new HistogramRecorder(writer, recordedInstrument('request.child.calls')),
  }
  const shapes = new ShapeTable(() => writer.drop('call.shape_limit'))
  const pools = new PoolMetrics(writer, shapes)
  const libraries = new LibraryReport(writer)

  link.start()
  startRuntimeProbe({
    everyMs: Math.min(settings.metrics.intervalMs, 1000),
    send: (sample) => {
      pools.refresh()
      libraries.tell()
      link.send({ type: 'runtime', sample })
    },
    onError: report,
  })
  const { signal } = settings.profiles
  // Signals come to the main thread, and it is the one that is profiled.
  if (isMainThread && signal !== undefined) {
    watchProfileSignal(signal, () => link.send({ type: 'profile' }))
  }
  watchWorkerEnds((threadId) => link.send({ type: 'thread-gone', threadId }), report)
  wide.components.store = tracker.store
  wide.observedPools.connect({ tracker, pools, report })
  const parts: Parts = {
    settings,
    writer,
    link,
    tracker,
    histograms,
    shapes,
    pools,
    libraries,
    report,
    warn,
  }
  const db = new DbMetrics(writer, shapes)
  const meters = answerOpenTelemetryApi(parts, db)
  watchEnds(parts, outbox, meters)
  watchLibraries(parts, db, meters)
}

/** Sees to it that what is measured until the end leaves, too. */
function watchEnds(
  { link, pools, libraries, report }: Parts,
  outbox: SpanOutbox,
  meters: AppMeterProvider,
): void {
  const watchEnd = isMainThread ? watchProcessEnd : watchThreadEnd
  watchEnd({
    beforeEnd: guarded(report, () => meters.flush()),
    requestFlush: guarded(report, () => {
      pools.refresh()
      outbox.flush()
      link.requestFlush()
    }),
    shutdown: guarded(report, () => {
      link.startLate()
      pools.refresh()
      libraries.tell()
      outbox.flush()
      link.shutdown(EXIT_WAIT_MS)
    }),
  })
}

/** What the parts of the agent are made from. */
interface Parts {
  readonly settings: Settings
  readonly writer: SeriesWriter
  readonly link: Link
  readonly tracker: RequestTracker
  readonly histograms: RootHistograms
  readonly shapes: ShapeTable
  readonly pools: PoolMetrics
  readonly libraries: LibraryReport
  readonly report: (error: unknown) => void
  readonly warn: (line: string) => void
}

/** The global providers of the OpenTelemetry API are ours: an app's own spans and instruments leave the same way. */
function answerOpenTelemetryApi(parts: Parts, db: DbMetrics): AppMeterProvider {
  const { settings, writer, link, tracker, histograms, shapes, report } = parts
  context.setGlobalContextManager(new StoreContextManager(tracker.store))
  trace.setGlobalTracerProvider(
    new TrackerTracerProvider(tracker, histograms, new SpanCalls(writer, db, shapes), () =>
      writer.drop('span.trace_too_long'),
    ),
  )
  const meters = new AppMeterProvider(
    (scopeMetrics) => link.send({ type: 'app-metrics', scopeMetrics }),
    Math.min(settings.metrics.intervalMs, APP_METRICS_MS_MAX),
    report,
  )
  metrics.setGlobalMeterProvider(meters)
  propagation.setGlobalPropagator(new W3cPropagator(tracker))
  return meters
}

/** Observes servers, clients and libraries, as far as the user has left them on. */
function watchLibraries(parts: Parts, db: DbMetrics, meters: AppMeterProvider): void {
  const { settings, writer, tracker, histograms, shapes, pools, libraries, report, warn } = parts
  const { enabled, disabled } = settings.instrumentations
  const known = new Set<string>()
  const wanted = (id: string): boolean => {
    known.add(id)
    return (enabled === undefined || enabled.includes(id)) && !disabled.includes(id)
  }
  const client = new HttpClientMetrics(writer, shapes)
  const prepared: [string, LibraryHook][] = []
  if (wanted('http')) {
    const server = new HttpServerMetrics(writer, histograms)
    const patchHttp1 = watchHttpServers(tracker, server, processWide().ownPorts, report)
    watchHttpClients(tracker, client, report)
    const tls = whenBuiltinLoads('https', (https) => patchHttp1(https.Server.prototype), report)
    const prepareHttp2 = (http2: Http2): void => {
      watchHttp2Servers(http2, { tracker, metrics: server, patchHttp1, report })
      watchHttp2Clients(http2, tracker, client, report)
    }
    const streams = whenBuiltinLoads('http2', prepareHttp2, report)
    for (const prefix of ['', 'node:'])
      prepared.push([`${prefix}https`, tls], [`${prefix}http2`, streams])
  }
  const undiciPools = new UndiciPools({ tracker, pools, report })
  if (wanted('undici')) {
    watchUndici({ tracker, metrics: client, pools: undiciPools, report })
    undiciPools.watch()
  }
  watchNodeWaits({ tracker, report, fs: wanted('fs'), dns: wanted('dns') })
  if (wanted('fastify')) watchFastify(report)
  const { components } = processWide()
  if (wanted('graphql')) watchGraphql({ tracker, components, report })
  prepared.push(...libraryHooks({ tracker, db, pools, components, undiciPools, report }, wanted))
  const hooks = new Map(prepared)
  const official = new OfficialInstrumentations(wanted, meters.quietly)
  const ownDisabled = disabledLibraries(wanted).map((name) => [name, OURS] as const)
  const leftAlone = new Map([...ownDisabled, ...official.disabled])
  watchModuleLoads({ hooks, official, disabled: leftAlone, libraries }, report)
  watchEsmLoads(hooks, libraries, report)
  // One that is switched off and not there does no harm; one that is asked for is missed.
  const missed = enabled?.filter((name) => !known.has(name)) ?? []
  if (missed.length > 0 && isMainThread) {
    const offered = Array.from(known).sort().join(', ')
    warn(`OTEL_NODE_ENABLED_INSTRUMENTATIONS: no ${missed.join(', ')} here; there are ${offered}`)
  }
}

/** Counts errors of ours, and tells the first. */
function errorReporter(
  writer: SeriesWriter,
  warn: (line: string) => void,
): (error: unknown) => void {
  let told = false
  return (error) => {
    writer.drop('error.guarded')
    if (told) return
    told = true
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    warn(`an error of the instrumentation was kept from the app: ${text}`)
  }
}

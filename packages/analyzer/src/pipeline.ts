import { hostname } from 'node:os'
import { createEngine } from '@chokepoint/promql'
import type { Config } from './config/schema.ts'
import { CATALOG } from './detect/catalog.ts'
import { loadDetectors } from './detect/custom.ts'
import { createForward } from './forward/forward.ts'
import type { EventSink } from './model/event.ts'
import { createAlertmanagers } from './notify/alertmanager.ts'
import { createWebhooks } from './notify/webhooks.ts'
import { createProfiles } from './profiles/profiles.ts'
import { readTls } from './read-tls.ts'
import { createOtlpGrpcServer } from './receive/otlp-grpc.ts'
import { createOtlpHttpServer } from './receive/otlp-http.ts'
import { startReportSchedule } from './report-schedule.ts'
import { createRuleFileWatch, loadRuleGroups } from './rule-groups.ts'
import { createSchedule } from './schedule.ts'
import { selfMetrics, selfSamples } from './self-metrics.ts'
import { openTenantStores } from './store/tenant-stores.ts'
import { createTenants, ONLY_TENANT, type Tenants } from './tenants.ts'
import { createTurns } from './turns.ts'
import type { AnswerOptions } from './web/ports.ts'
import { createWebServer } from './web/server.ts'
import { createWebhookPort } from './webhook-port.ts'

/** What surrounds the pipeline, and is not in the config file. */
export interface PipelineOptions {
  readonly version: string
  /** Undefined keeps everything in memory. */
  readonly dataDir: string | undefined
  readonly wallClock: () => number
  readonly random: () => number
  /** Told in one sentence of what went wrong and does not stop the analyzer. */
  readonly onProblem: (message: string) => void
}

/** Makes every stage and joins them, in the order in which data flows. */
export async function createPipeline(config: Config, options: PipelineOptions) {
  const { version, dataDir, wallClock, onProblem } = options
  const { limits, multitenancy, auth, promql } = config
  const tls = readTls(auth.tls)
  let ready = false

  // The last stage first, since all others tell it: events go to webhooks, alerts to Alertmanagers,
  // and everything to the endpoint behind the analyzer.
  const webhooks = createWebhooks({
    endpoints: config.webhooks,
    clock: wallClock,
    random: options.random,
    limits,
    onProblem,
    ...(dataDir === undefined ? {} : { stateFile: `${dataDir}/webhooks.jsonl` }),
    ...(config.externalUrl === null ? {} : { externalUrl: config.externalUrl }),
  })
  const emit: EventSink = (event) => {
    webhooks.sink(event)
    forward.event(event)
  }
  const alertmanagers = createAlertmanagers({
    endpoints: config.alertmanagers,
    externalLabels: config.externalLabels,
    intervalMs: config.evaluation.intervalMs,
    onProblem,
    ...(config.externalUrl === null ? {} : { externalUrl: config.externalUrl }),
  })

  // receive -> decode -> store -> forward: the log is read back before anything is taken.
  const turns = createTurns()
  const schedule = createSchedule({
    ...{ config, turns, afterInterval, onProblem },
    tenants: () => tenants,
  })
  const stores = await openTenantStores({
    ...{ dataDir, wallClock, limits },
    ...{ retentionMs: config.retentionMs, fsync: config.fsync, clock: config.clock },
    onArrival: (tenant, arrival) => schedule.onArrival(tenant, arrival),
    log: onProblem,
  })
  const forward = createForward({
    ...{ target: config.forward, version, multitenancy, limits, onProblem },
    ...{ clock: wallClock, random: options.random, listen: config.listen },
    ...{ folder: dataDir === undefined ? undefined : `${dataDir}/forward`, fsync: config.fsync },
  })
  const ingest = forward.after(stores.ingest)
  const receiver = { ingest, limits, multitenancy, auth, tls, log: onProblem }
  const otlpHttp = createOtlpHttpServer(receiver)
  const otlpGrpc = createOtlpGrpcServer(receiver)

  // store -> query -> rules, detect -> findings -> advise: once for each tenant.
  const engineWith = ({ lookbackMs, timeoutMs }: AnswerOptions) =>
    createEngine({
      lookbackMs: lookbackMs ?? promql.lookbackMs,
      experimental: promql.experimental,
      limits: {
        samplesMax: limits.querySamplesMax,
        seriesMax: limits.querySeriesMax,
        timeoutMs: Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, limits.queryTimeMs),
      },
    })
  const engine = engineWith({})
  let groups = loadRuleGroups(config)
  const ruleFilesChanged = createRuleFileWatch(config)
  const tenants: Tenants = createTenants({
    ...{ config, engine, engineWith, stores, emit, dataDir, wallClock, onProblem },
    groups: () => groups,
    catalog: [...CATALOG, ...(await loadDetectors(config.detectors))],
    onAlerts: alertmanagers.update,
  })
  const selfMetricsSources = () => ({
    ...{ version, receive: { http: otlpHttp.stats, grpc: otlpGrpc.stats }, store: stores.stats() },
    lagSeconds: config.clock === 'wall' ? tenants.lagSeconds(wallClock()) : undefined,
    webhooks: webhooks.counts(),
    forward: forward.counts(),
    findings: tenants.all().flatMap((analysis) => analysis.findings()),
  })
  /** As Prometheus would have scraped it; not for many tenants, of whom none should see the others' load. */
  function recordSelf(): void {
    if (!config.selfMetrics || multitenancy) return
    const { record, newestMs } = tenants.get(ONLY_TENANT)
    // Before the first metric arrives the page says how to send some.
    if (newestMs() === 0) return
    const self = { job: 'analyzer', instance: hostname() }
    for (const { name, labels, value } of selfSamples(selfMetricsSources())) {
      record(name, { ...self, ...labels }, wallClock(), value)
    }
  }
  function afterInterval(): void {
    recordSelf()
    void saveAll()
    for (const tenant of tenants.names()) {
      const analysis = tenants.get(tenant)
      forward.findings(tenant, analysis.findings(), analysis.view.now())
    }
    if (ruleFilesChanged()) reloadRules()
  }
  async function saveAll(): Promise<void> {
    await Promise.all(tenants.names().map((tenant) => tenants.get(tenant).save()))
  }
  function reloadRules(): void {
    try {
      groups = loadRuleGroups(config)
      for (const analysis of tenants.all()) analysis.replaceGroups(groups)
      schedule.onNewRules()
    } catch (error) {
      onProblem(`keeping the old rules: ${(error as Error).message}`)
    }
  }

  // A service is asked for a profile when a person asks us.
  const profiles = createProfiles({
    ...{ targets: config.profiles, limits, multitenancy, clock: wallClock },
    folder: dataDir === undefined ? undefined : `${dataDir}/profiles`,
  })

  // All of it -> report, web.
  let stopReports = () => {}
  const views = () => tenants.names().map((name) => [name, tenants.get(name).view] as const)
  const web = createWebServer({
    ...{ version, multitenancy, tls, tokens: auth.tokens },
    view: (tenant) => tenants.get(tenant).view,
    compute: (tenant, of) => turns.run(tenants.get(tenant).compute(of)),
    runSteps: turns.run,
    prometheus: (tenant) => tenants.get(tenant).prometheus,
    actOnRecommendation: (tenant, id, action) => tenants.get(tenant).act(id, action),
    webhooks: createWebhookPort(config, webhooks),
    profiles,
    otlp: (request, response) => void otlpHttp.handle(request, response),
    selfMetrics: () => selfMetrics(selfMetricsSources()),
    ready: () => ready,
    onInternalError: (error, url) => onProblem(`${url} failed: ${(error as Error).stack}`),
  })

  return {
    tenants,
    settle: () => schedule.settle(),
    reloadRules,
    listen: async () => {
      const { host, ...ports } = config.listen
      const bound = {
        otlpHttp: await otlpHttp.listen(host, ports.otlpHttp),
        otlpGrpc: await otlpGrpc.listen(host, ports.otlpGrpc),
        api: await web.listen(host, ports.api),
      }
      schedule.start()
      stopReports = startReportSchedule({ config, version, views, emit, onProblem })
      ready = true
      return bound
    },
    close: async () => {
      ready = false
      schedule.stop()
      stopReports()
      profiles.close()
      // In the order of the flow: first nothing more comes in, last the log is closed.
      await Promise.all([otlpHttp.close(), otlpGrpc.close(), web.close()])
      afterInterval()
      await saveAll()
      await Promise.all([webhooks.close(), alertmanagers.close(), forward.close()])
      await stores.close()
    },
  }
}

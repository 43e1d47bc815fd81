import { join } from 'node:path'
import type { Engine } from '@chokepoint/promql'
import type { Config } from './config/schema.ts'
import type { DetectorRow } from './detect/detector.ts'
import { openHistoryFile } from './history-file.ts'
import type { Alert } from './model/alert.ts'
import type { EventSink } from './model/event.ts'
import { createAlertHistory } from './rules/history.ts'
import type { RuleGroup } from './rules/rule-file.ts'
import { openStateFile } from './state-file.ts'
import type { TenantStores } from './store/tenant-stores.ts'
import { createTenantAnalysis, type TenantAnalysis } from './tenant-analysis.ts'
import type { AnswerOptions } from './web/ports.ts'

/** The tenant of everybody when there is only one. */
export const ONLY_TENANT = 'anonymous'

export interface TenantsOptions {
  readonly config: Config
  readonly engine: Engine
  readonly engineWith: (options: AnswerOptions) => Engine
  readonly stores: TenantStores
  /** The rules in force now. */
  readonly groups: () => readonly RuleGroup[]
  readonly catalog: readonly DetectorRow[]
  readonly emit: EventSink
  /** Told of a tenant's alerts after each evaluation. */
  readonly onAlerts: (tenant: string, alerts: readonly Alert[], nowMs: number) => void
  /** Where state and history are kept; undefined keeps them in memory. */
  readonly dataDir: string | undefined
  readonly wallClock: () => number
  readonly onProblem: (message: string) => void
}

/** The analyses of all tenants, each made when it is first needed. */
export interface Tenants {
  readonly get: (tenant: string) => TenantAnalysis
  readonly all: () => readonly TenantAnalysis[]
  /** Those that have sent something, by name. */
  readonly names: () => readonly string[]
  readonly now: (tenant: string) => number
  /** How far the newest sample of the tenant that is furthest behind is from `nowMs`. */
  readonly lagSeconds: (nowMs: number) => number | undefined
}

export function createTenants(options: TenantsOptions): Tenants {
  const { config, stores, wallClock } = options
  const kept = new Map<string, TenantAnalysis>()
  const now = (tenant: string): number =>
    config.clock === 'wall' ? wallClock() : (stores.tenant(tenant).newestMs() ?? 0)

  function make(tenant: string): TenantAnalysis {
    const { dataDir } = options
    const folder =
      dataDir === undefined ? undefined : join(dataDir, 'state', encodeURIComponent(tenant))
    return createTenantAnalysis({
      ...options,
      groups: options.groups(),
      tenant,
      store: () => stores.tenant(tenant),
      clock: () => now(tenant),
      onAlerts: (alerts, nowMs) => options.onAlerts(tenant, alerts, nowMs),
      history: createAlertHistory(
        config.limits.historyMax,
        folder === undefined
          ? undefined
          : openHistoryFile(join(folder, 'alerts.jsonl'), options.onProblem),
      ),
      stateFile: folder
        ? openStateFile(join(folder, 'analysis.json'), options.onProblem)
        : undefined,
    })
  }

  const get = (tenant: string): TenantAnalysis => {
    const known = kept.get(tenant)
    if (known !== undefined) return known
    const made = make(tenant)
    // Asking for a tenant that never sent anything must not cost memory for ever.
    if (tenant === ONLY_TENANT || stores.tenants().includes(tenant)) kept.set(tenant, made)
    return made
  }
  // Compiling the rules for the first time takes 50 ms: not when the first request comes.
  if (!config.multitenancy) get(ONLY_TENANT)

  return {
    now,
    get,
    lagSeconds: (nowMs) => {
      const newest = stores.tenants().map((tenant) => stores.tenant(tenant).newestMs() ?? nowMs)
      return newest.length === 0 ? undefined : (nowMs - Math.min(...newest)) / 1000
    },
    names: stores.tenants.bind(stores),
    all: () => {
      for (const tenant of stores.tenants()) if (!kept.has(tenant)) kept.set(tenant, make(tenant))
      return [...kept.values()]
    },
  }
}

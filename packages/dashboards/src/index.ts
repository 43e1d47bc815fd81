import { ANALYZER } from './dashboards/analyzer.ts'
import { DATABASE } from './dashboards/database.ts'
import { HOST } from './dashboards/host.ts'
import { NODE_RUNTIME } from './dashboards/node-runtime.ts'
import { OVERVIEW } from './dashboards/overview.ts'
import { SERVICE } from './dashboards/service.ts'
import type { DashboardSpec } from './panel.ts'
import type { RulePack } from './rule.ts'
import { CONTAINER_RULES } from './rules/container.ts'
import { DATABASE_RULES } from './rules/database.ts'
import { HOST_RULES } from './rules/host.ts'
import { HTTP_RULES } from './rules/http.ts'
import { NODE_RULES } from './rules/node.ts'

export { buildDashboard } from './build-dashboard.ts'
export { buildRuleFile } from './build-rules.ts'
export { comparedFigures } from './compared-figures.ts'
export { buildFindingPanels } from './finding-panels.ts'
export { knownNames } from './metric.ts'
export type { DashboardSpec, PanelSpec, RowSpec } from './panel.ts'
export { placePanels } from './place-panels.ts'
export type { AlertSpec, RulePack } from './rule.ts'

/** Every dashboard of Chokepoint, in the order in which a reader goes from whole to part. */
export const DASHBOARDS: readonly DashboardSpec[] = [
  OVERVIEW,
  SERVICE,
  NODE_RUNTIME,
  HOST,
  DATABASE,
  ANALYZER,
]

/** Ready alert rules for what the instrumentation emits, one file a subject. */
export const RULE_PACKS: readonly RulePack[] = [
  HTTP_RULES,
  NODE_RULES,
  HOST_RULES,
  CONTAINER_RULES,
  DATABASE_RULES,
]

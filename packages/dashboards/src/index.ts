import { DATABASE } from './dashboards/database.ts'
import { HOST } from './dashboards/host.ts'
import { NODE_RUNTIME } from './dashboards/node-runtime.ts'
import { OVERVIEW } from './dashboards/overview.ts'
import { SERVICE } from './dashboards/service.ts'
import type { DashboardSpec } from './panel.ts'

export { buildDashboard } from './build-dashboard.ts'
export { knownNames } from './metric.ts'
export type { DashboardSpec, PanelSpec, RowSpec } from './panel.ts'

/** Every dashboard of Chokepoint, in the order in which a reader goes from whole to part. */
export const DASHBOARDS: readonly DashboardSpec[] = [
  OVERVIEW,
  SERVICE,
  NODE_RUNTIME,
  HOST,
  DATABASE,
]

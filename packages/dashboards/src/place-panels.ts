import type { DashboardSpec, PanelSpec } from './panel.ts'

/** Grafana's grid: this many columns, and as many lines as there are panels for. */
export const COLUMNS = 24

const HEIGHTS: Readonly<Record<PanelSpec['kind'], number>> = { lines: 8, stat: 4, table: 9 }

/** Where a panel or the heading of a row stands, and the number that links name it by. */
export interface Place {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export type Placed =
  | { readonly place: Place; readonly heading: string }
  | { readonly place: Place; readonly panel: PanelSpec }

/** Rows under each other; in a row from left to right, and on when a line is full. */
export function placePanels(spec: DashboardSpec): readonly Placed[] {
  const placed: Placed[] = []
  let y = 0
  for (const row of spec.rows) {
    placed.push({ heading: row.title, place: { id: placed.length + 1, x: 0, y, w: COLUMNS, h: 1 } })
    y++
    let x = 0
    let lineHeight = 0
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        x = 0
        y += lineHeight
        lineHeight = 0
      }
      const h = HEIGHTS[panel.kind]
      placed.push({ panel, place: { id: placed.length + 1, x, y, w: panel.width, h } })
      x += panel.width
      lineHeight = Math.max(lineHeight, h)
    }
    y += lineHeight
  }
  return placed
}

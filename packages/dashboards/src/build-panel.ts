import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  type GridPos,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { PanelQuery, PanelSpec } from './panel.ts'

/** The data source that the reader picks at the top: Prometheus or the analyzer. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana expands it
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** Grafana's JSON of one panel at one place. */
export function buildPanel(spec: PanelSpec, id: number, gridPos: GridPos): Panel {
  const builder = BUILDERS[spec.kind](spec)
    .id(id)
    .title(spec.title)
    .description(spec.description)
    .datasource(DATASOURCE)
    .unit(spec.unit)
    .gridPos(gridPos)
  if (spec.warning !== undefined) builder.thresholds(thresholdsOf(spec))
  for (const [index, query] of spec.queries.entries()) {
    builder.withTarget(targetOf(query, spec.kind, String.fromCharCode(65 + index)))
  }
  return builder.build()
}

type AnyBuilder = LinesBuilder | StatBuilder | TableBuilder

const BUILDERS: Readonly<Record<PanelSpec['kind'], (spec: PanelSpec) => AnyBuilder>> = {
  lines: buildLines,
  stat: () => new StatBuilder().noValue('–'),
  table: () => new TableBuilder().noValue('none').dataLinks([findingLink()]),
}

function buildLines(spec: PanelSpec): LinesBuilder {
  const builder = new LinesBuilder()
    .min(0)
    .lineWidth(1)
    .fillOpacity(spec.stacked === true ? 30 : 8)
    .noValue('no data')
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
  if (spec.stacked === true) {
    builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  }
  if (spec.warning !== undefined) {
    builder.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
    )
  }
  return builder
}

function thresholdsOf({ warning, critical }: PanelSpec): ThresholdsConfigBuilder {
  const steps: { value: number | null; color: string }[] = [{ value: null, color: 'green' }]
  if (warning !== undefined) steps.push({ value: warning, color: 'orange' })
  if (critical !== undefined) steps.push({ value: critical, color: 'red' })
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}

/** From a finding's row to that finding on the analyzer's page. */
function findingLink(): DashboardLinkBuilder {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana expands it
  const place = '${analyzer}/#bottleneck-${__data.fields.id}'
  return new DashboardLinkBuilder('Evidence and what to do').url(place)
}

/** A table and a single value show the present; lines show the range. */
function targetOf({ expr, legend }: PanelQuery, kind: PanelSpec['kind'], refId: string) {
  const query = new DataqueryBuilder()
    .refId(refId)
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend)
  if (kind === 'lines') return query.range()
  return kind === 'table' ? query.instant().format(PromQueryFormat.Table) : query.instant()
}

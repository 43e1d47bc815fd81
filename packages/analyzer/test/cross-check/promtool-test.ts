import type { AlertsAtStep } from './alerts-over-time.ts'
import type { SeriesOverTime } from './series-over-time.ts'

/** A file of promtool's with the series, and the alerts that must be there at each step. */
export function promtoolTest(
  rules: string,
  stepMs: number,
  series: readonly SeriesOverTime[],
  expected: readonly AlertsAtStep[],
): string {
  const time = (step: number) => `${(step * stepMs) / 1000}s`
  const names = new Set(expected.flatMap(({ firing }) => firing.map(({ name }) => name)))
  return JSON.stringify({
    rule_files: [rules],
    evaluation_interval: `${stepMs / 1000}s`,
    tests: [
      {
        interval: `${stepMs / 1000}s`,
        input_series: series.map(({ name, labels, values }) => ({
          series: name + JSON.stringify(labels).replace(/"((?:[^"\\]|\\.)*)":/g, '"$1"='),
          values: values.map((value) => value ?? '_').join(' '),
        })),
        promql_expr_test: expected.map((alerts, step) => ({
          expr: '{__name__=~"ALERTS|ALERTS_FOR_STATE"}',
          eval_time: time(step),
          exp_samples: alerts.series.map((line) => {
            const [, labels, value] = /^(.*) (\S+)$/.exec(line) as unknown as string[]
            return { labels, value: Number(value) }
          }),
        })),
        alert_rule_test: expected.flatMap(({ firing }, step) =>
          [...names].map((alertname) => ({
            eval_time: time(step),
            alertname,
            exp_alerts: firing
              .filter(({ name }) => name === alertname)
              .map(({ labels, annotations }) => ({
                exp_labels: labels,
                exp_annotations: annotations,
              })),
          })),
        ),
      },
    ],
  })
}

import type { Labels } from '../../src/model/labels.ts'
import { parseSeriesLabels, parseSeriesValues } from '../../src/rules/series-notation.ts'

/** A series with a value for each step; undefined where it has none. */
export interface SeriesOverTime {
  readonly name: string
  readonly labels: Labels
  readonly values: readonly (number | 'stale' | undefined)[]
}

/** Series as promtool's tests note them, moved to a place of their own where they name one. */
export function seriesOf(
  input: readonly { readonly series: string; readonly values: string }[],
  place: Labels,
): readonly SeriesOverTime[] {
  return input.map(({ series, values }) => {
    const { __name__: name = '', ...noted } = parseSeriesLabels(series)
    const named = Object.entries(place).filter(([label]) => label in noted)
    const labels = { ...noted, ...Object.fromEntries(named) }
    // At the first step nothing is there: the analyzer's first evaluation is one interval later.
    return { name, labels, values: [undefined, ...(parseSeriesValues(values) as number[])] }
  })
}

/** The same elsewhere, as a bad day has it: it pauses, ends, starts anew, and stands at other levels. */
export function worn(series: SeriesOverTime, random: () => number): SeriesOverTime {
  const values = [...series.values]
  for (let at = 1; at < values.length; ) {
    const length = 1 + Math.floor(random() * 20)
    const kind = Math.floor(random() * 6)
    const factor = random() * 2
    for (let i = at; i < Math.min(at + length, values.length); i++) {
      const value = values[i]
      if (kind === 0) values[i] = undefined
      else if (kind === 1) values[i] = i === at ? 'stale' : undefined
      else if (kind === 2 && typeof value === 'number') values[i] = value * factor
    }
    at += length
  }
  const { job, instance } = series.labels
  const labels = {
    ...series.labels,
    ...(job === undefined ? {} : { job: `${job}-worn` }),
    ...(instance === undefined ? {} : { instance: `${instance}-worn` }),
  }
  return { ...series, labels, values }
}

import type { Labels } from '../model/labels.ts'

/**
 * One row for each service (or each component of it): the instance where it is worst. The others have the
 * same code and the same cure; the evidence queries go over all instances, so they hold after a restart, too.
 */
export function worstOfEachService<Row extends { readonly labels: Labels }>(
  rows: readonly Row[],
  badness: (row: Row) => number,
  componentOf: (row: Row) => string = () => '',
): Row[] {
  const worst = new Map<string, Row>()
  for (const row of rows) {
    const key = JSON.stringify([row.labels.job, componentOf(row)])
    const known = worst.get(key)
    if (known === undefined || badness(row) > badness(known)) worst.set(key, row)
  }
  return [...worst.values()]
}

import type { Labels } from '../model/labels.ts'

/**
 * One row for each service: the instance where it is worst. The others have the same code and the same
 * cure; the evidence queries go over all instances, so they hold after a restart, too.
 */
export function worstOfEachService<Row extends { readonly labels: Labels }>(
  rows: readonly Row[],
  badness: (row: Row) => number,
): Row[] {
  const worst = new Map<string, Row>()
  for (const row of rows) {
    const job = row.labels.job ?? ''
    const known = worst.get(job)
    if (known === undefined || badness(row) > badness(known)) worst.set(job, row)
  }
  return [...worst.values()]
}

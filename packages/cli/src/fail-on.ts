import { isAtLeast, SEVERITIES, type Severity } from '@chokepoint/analyzer'
import { Option } from 'commander'
import type { Diagnosis } from './diagnosis/diagnosis.ts'
import { EXIT_CODES } from './exit-codes.ts'

/** The option `--fail-on` of `run` and `replay`. */
export function failOnOption(): Option {
  return new Option(
    '--fail-on <severity>',
    `end with ${EXIT_CODES.findings.code} when a bottleneck or an alert of this severity or above was found`,
  ).choices(SEVERITIES)
}

/** The exit code after a diagnosis: `otherwise`, unless something as bad as `floor` was found. */
export function exitCodeFor(
  { bottlenecks, alerts }: Diagnosis,
  floor: Severity | undefined,
  otherwise: number,
): number {
  if (floor === undefined) return otherwise
  const met = [...bottlenecks, ...alerts].some(({ severity }) => isAtLeast(severity, floor))
  return met ? EXIT_CODES.findings.code : otherwise
}

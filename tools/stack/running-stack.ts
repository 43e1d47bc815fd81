import type { LocalStack } from './local-stack.ts'
import type { Programs } from './programs.ts'

/** What a webhook of the analyzer told the test. */
export interface ToldEvent {
  readonly type: string
  readonly data: {
    readonly type?: string
    readonly dashboardUrl?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** The stack that all groups of tests share; it is there once the tests run. */
export interface RunningStack {
  readonly stack: () => LocalStack
  readonly programs: () => Programs
  readonly prometheus: () => string
  readonly analyzer: () => string
  readonly events: readonly ToldEvent[]
}

/** The services of the shop, as a pattern of `job`. */
export const SHOP = 'storefront|catalog|payment'

/** Whole seconds of now, as the APIs of Prometheus take them. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** A dashboard's or rule's expression over what came by OTLP, as Grafana would expand it. */
export function expand(expression: string, chosen: Readonly<Record<string, string>> = {}): string {
  const { job = SHOP, instance = '.*', host = '.*' } = chosen
  return expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', job)
    .replaceAll('$instance', instance)
    .replaceAll('$host', host)
}

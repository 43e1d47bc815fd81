import { readFileSync } from 'node:fs'
import type { InstrumentationScope } from '@opentelemetry/core'

/** The scope of everything that the instrumentation itself reports. */
export const SCOPE: InstrumentationScope = {
  name: '@chokepoint/instrumentation',
  version: readVersion(),
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

import { ChokepointError } from '../model/errors.ts'

/** Where the analyzer itself takes OTLP/HTTP. */
export interface OwnAddress {
  readonly host: string
  readonly otlpHttp: number
  readonly api: number
}

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1'])

/**
 * Throws CONFIG_INVALID when requests would go on to the analyzer that forwards them, round and round. The
 * likely way there is a Collector that is thought to have OTLP's usual port, which the analyzer took.
 */
export function refuseLoop(url: string, { host, otlpHttp, api }: OwnAddress): void {
  const { hostname, port, protocol } = new URL(url)
  const name = hostname.replace(/^\[|\]$/g, '')
  const isOwnHost =
    name === host ||
    (name === 'localhost' && (LOOPBACK.has(host) || EVERYWHERE.has(host))) ||
    (LOOPBACK.has(name) && EVERYWHERE.has(host))
  const targetPort = Number(port) || (protocol === 'https:' ? 443 : 80)
  if (!isOwnHost || (targetPort !== otlpHttp && targetPort !== api)) return
  throw new ChokepointError(
    'CONFIG_INVALID',
    `forward: ${name}:${targetPort} is this analyzer itself; requests would go round and round`,
  )
}

import { loadConfig, type RunningAnalyzer, startAnalyzer } from '@chokepoint/analyzer'
import { portIfFree } from './free-port.ts'

/** A recording is kept whole, however long it is. */
const WHOLE_MS = 365 * 86_400_000

export interface LocalAnalyzerOptions {
  readonly apiPort?: number
  readonly configFile?: string
  /** `data` takes the time from the samples: for recordings. */
  readonly clock?: 'wall' | 'data'
  /** True takes free ports at once: for what nobody else is to find. */
  readonly anyPorts?: boolean
}

/**
 * Starts an analyzer on loopback that keeps nothing on disk. Its ports are those of the configuration when they are
 * free, else others; a port that the user has asked for is taken or refused with `PORT_IN_USE`.
 */
export async function startLocalAnalyzer(options: LocalAnalyzerOptions): Promise<RunningAnalyzer> {
  const config = loadConfig(options.configFile, process.env)
  const { otlpHttp, otlpGrpc, api } = config.listen
  // Reached by this machine alone, so tokens and certificates of a service would only shut the command out.
  const host = '127.0.0.1'
  const auth = { ...config.auth, tokens: [], tls: null }
  const port = (wanted: number) => (options.anyPorts ? 0 : portIfFree(host, wanted))
  const listen = {
    host,
    otlpHttp: await port(otlpHttp),
    otlpGrpc: await port(otlpGrpc),
    api: options.apiPort ?? (await port(api)),
  }
  const clock = options.clock ?? config.clock
  const retentionMs = options.clock === 'data' ? WHOLE_MS : config.retentionMs
  // A recording has been where it was to go.
  const forward = options.clock === 'data' ? null : config.forward
  const local = { ...config, listen, auth, clock, retentionMs, forward }
  return startAnalyzer(local, { memory: true })
}

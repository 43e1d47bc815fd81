import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext } from './detector.ts'
import { durationText } from './promql-text.ts'
import { readTraffic } from './traffic.ts'

/** Two rates of the same calls, seen from both ends, differ by what is under way: this much at most. */
const RATE_TOLERANCE = 0.25
/** A caller's time holds the callee's, and not much else: the callee's is at least this part of it. */
const TIME_SHARE_MIN = 0.3
/** ... and at most this part: clocks and buckets are not exact. */
const TIME_SHARE_MAX = 1.1

/** Gives the `job` that answers at an address, when one that reports can be told. */
export type FindPeer = (labels: Labels) => string | undefined

/**
 * Finds which service is behind `server_address` and `server_port` of an HTTP call. By its name, where the
 * address is the service's name (Compose, Kubernetes). Else by what both ends measured: as many requests
 * answered as calls made there, and times that fit; only when exactly one service does.
 */
export function readPeers(context: DetectContext): FindPeer {
  const by = ['server_address', 'server_port']
  const window = durationText(context.windowMs)
  const metric = 'http_client_request_duration_seconds'
  const calls = new Figures(
    context,
    `sum by (${by.join(', ')}) (rate(${metric}_count[${window}]))`,
    by,
  )
  const times = new Figures(
    context,
    `sum by (${by.join(', ')}) (rate(${metric}_sum[${window}]))`,
    by,
  )
  const services = [...readTraffic(context).rows()]
  return (labels) => {
    const address = labels.server_address ?? ''
    const named = services.find(([{ job = '' }]) => isNameOf(address, job))
    if (named !== undefined) return named[0].job
    const rate = calls.of(labels)
    const busy = times.of(labels)
    if (rate === undefined || busy === undefined || !(rate > 0)) return undefined
    const fitting = services.filter(([service, traffic]) => {
      const timeShare = traffic.meanSeconds / (busy / rate)
      return (
        service.job !== labels.job &&
        Math.abs(traffic.requestsPerSecond - rate) <= RATE_TOLERANCE * rate &&
        timeShare >= TIME_SHARE_MIN &&
        timeShare <= TIME_SHARE_MAX
      )
    })
    return fitting.length === 1 ? fitting[0]?.[0].job : undefined
  }
}

/** `payment` and `payment.shop.svc.cluster.local` are names of the service `shop/payment`. */
function isNameOf(address: string, job: string): boolean {
  const name = job.slice(job.indexOf('/') + 1)
  return name !== '' && (address === name || address.startsWith(`${name}.`))
}

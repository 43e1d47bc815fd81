import { createRequire } from 'node:module'
import type { ClusterPlace } from '../shared/messages.ts'

/**
 * The place of this process in a cluster of `node:cluster`, which PM2 uses too; undefined when it is no worker of one.
 * A child of `child_process.fork` has a channel to its parent as well, but no share in a server.
 */
export function clusterPlace(): ClusterPlace | undefined {
  if (process.channel === undefined) return undefined
  // Node has loaded it already in a worker; in any other child it is not worth its time.
  const { isWorker, worker } = createRequire(import.meta.url)('node:cluster') as {
    readonly isWorker: boolean
    readonly worker?: { readonly id: number }
  }
  if (!isWorker || worker === undefined) return undefined
  return { workerId: String(worker.id), primaryPid: process.ppid }
}

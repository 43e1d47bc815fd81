import { setTimeout as delay } from 'node:timers/promises'
import { CommandFailure } from '../failure.ts'
import { type RecordedRequest, readRequests } from './read-requests.ts'

/** What became of a recording. */
export interface ReplaySummary {
  readonly requests: number
  /** Lines of other signals: traces, logs, profiles. */
  readonly skipped: number
  /** Data points that the analyzer did not take, and its last sentence why. */
  readonly rejectedPoints: number
  readonly rejectedBecause: string
}

const BUSY_TRIES_MAX = 50

/** Sends the metrics of recordings to an analyzer's OTLP endpoint, one request after the other. */
export async function sendRequests(
  files: readonly string[],
  endpoint: string,
  onProgress: (file: string, share: number) => void,
): Promise<ReplaySummary> {
  let requests = 0
  let skipped = 0
  let rejectedPoints = 0
  let rejectedBecause = ''
  for (const file of files) {
    for await (const request of readRequests(file)) {
      onProgress(file, request.share)
      if (!isMetrics(request)) {
        skipped++
        continue
      }
      requests++
      const { points, because } = await send(request, endpoint)
      rejectedPoints += points
      if (because !== '') rejectedBecause = because
    }
  }
  return { requests, skipped, rejectedPoints, rejectedBecause }
}

function isMetrics({ json, file, line }: RecordedRequest): boolean {
  if (!json.trimStart().startsWith('{')) {
    throw new CommandFailure(
      `${file}:${line}: expected an OTLP request in JSON, got ${json.slice(0, 40)}`,
    )
  }
  return json.includes('"resourceMetrics"') || json.includes('"resource_metrics"')
}

async function send(
  { json, file, line }: RecordedRequest,
  endpoint: string,
): Promise<{ points: number; because: string }> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: json,
    })
    const text = await response.text()
    if (response.ok) return partialSuccess(text)
    const busy = response.status === 429 || response.status === 503
    if (!busy || tries === BUSY_TRIES_MAX) {
      throw new CommandFailure(`${file}:${line}: refused with ${response.status}: ${text}`)
    }
    await delay(1000 * Number(response.headers.get('retry-after') ?? 1))
  }
}

/** What an OTLP answer says of points that were not taken. */
function partialSuccess(text: string): { points: number; because: string } {
  const { partialSuccess: partial } = JSON.parse(text || '{}') as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string }
  }
  return {
    points: Number(partial?.rejectedDataPoints ?? 0),
    because: partial?.errorMessage ?? '',
  }
}

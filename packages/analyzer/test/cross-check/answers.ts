/** What `/api/v1/query` and `/api/v1/query_range` answer. */
export interface Answer {
  readonly status: 'success' | 'error'
  readonly errorType?: string
  readonly error?: string
  readonly data?: { readonly resultType: string; readonly result: readonly unknown[] }
}

interface Row {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
  readonly histogram?: unknown
  readonly histograms?: unknown
}

/** Asks one server over the Prometheus API. */
export async function ask(
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  })
  return (await response.json()) as Answer
}

/** Says in one line how two answers differ, or undefined when they are the same within 1e-9. */
export function difference(ours: Answer, theirs: Answer): string | undefined {
  if (ours.status === 'error' || theirs.status === 'error') {
    if (ours.status === theirs.status && ours.errorType === theirs.errorType) return undefined
    return `ours ${ours.error ?? 'succeeds'}, theirs ${theirs.error ?? 'succeeds'}`
  }
  if (ours.data!.resultType !== theirs.data!.resultType) {
    return `ours is a ${ours.data!.resultType}, theirs a ${theirs.data!.resultType}`
  }
  if (ours.data!.resultType === 'scalar')
    return valueDifference(ours.data!.result, theirs.data!.result)
  const [mine, yours] = [byLabels(ours), byLabels(theirs)]
  for (const key of yours.keys()) if (!mine.has(key)) return `ours has no ${key} of ${yours.size}`
  for (const [key, row] of mine) {
    const other = yours.get(key)
    if (other === undefined) return `theirs has no ${key} of ${mine.size}`
    const found = valueDifference(samplesOf(row), samplesOf(other))
    if (found !== undefined) return `${key}: ${found}`
  }
  return undefined
}

function byLabels({ data }: Answer): Map<string, Row> {
  return new Map(
    (data!.result as readonly Row[]).map((row) => [
      JSON.stringify(Object.entries(row.metric).sort(([a], [b]) => (a < b ? -1 : 1))),
      row,
    ]),
  )
}

function samplesOf({ value, values, histogram, histograms }: Row): unknown {
  return [value ?? values ?? [], histogram ?? histograms ?? []]
}

/** Compares numbers, numbers in text and what they are nested in. */
function valueDifference(mine: unknown, yours: unknown): string | undefined {
  if (Array.isArray(mine) && Array.isArray(yours)) {
    if (mine.length !== yours.length) return `${mine.length} values, not ${yours.length}`
    for (let i = 0; i < mine.length; i++) {
      const found = valueDifference(mine[i], yours[i])
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isRecord(mine) && isRecord(yours)) {
    const keys = Object.keys(yours)
    return valueDifference(
      keys.map((key) => mine[key]),
      keys.map((key) => yours[key]),
    )
  }
  if (mine === yours) return undefined
  const [a, b] = [Number(mine), Number(yours)]
  if (Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-3)) return undefined
  return `${String(mine)}, not ${String(yours)}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

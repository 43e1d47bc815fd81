/** One element of an instant answer: its labels as one text, and its value. */
export interface Element {
  readonly key: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly resultType: string; readonly result: unknown }
}

/** Asks anything that speaks Prometheus' HTTP API. */
export async function query(
  url: string,
  expression: string,
  atSeconds: number,
): Promise<Element[]> {
  const body = new URLSearchParams({ query: expression, time: String(atSeconds) })
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
  const { status, error, data } = (await response.json()) as Answer
  if (status !== 'success') throw new Error(`${url} refuses ${expression}: ${error}`)
  if (data.resultType === 'scalar') {
    const [, value] = data.result as [number, string]
    return [{ key: '{}', labels: {}, value: Number(value) }]
  }
  const elements = data.result as { metric: Record<string, string>; value: [number, string] }[]
  return elements
    .map(({ metric, value }) => ({ key: keyOf(metric), labels: metric, value: Number(value[1]) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** The values of a label that series of one metric have, as Grafana's `label_values` asks for them. */
export async function labelValues(url: string, metric: string, label: string): Promise<string[]> {
  const parameters = new URLSearchParams({ 'match[]': metric })
  const response = await fetch(`${url}/api/v1/label/${label}/values?${parameters}`)
  return ((await response.json()) as { data: string[] }).data
}

/** The same elements without a label: what each side names in its own way. */
export function without(label: string, elements: readonly Element[]): Element[] {
  return elements.map(({ labels, value }) => {
    const { [label]: _, ...rest } = labels
    return { key: keyOf(rest), labels: rest, value }
  })
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))
}

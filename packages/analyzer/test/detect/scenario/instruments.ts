import type { MemorySource } from '@chokepoint/promql'
import type { Labels } from '../../../src/model/labels.ts'

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const CALLS = [1, 2, 3, 5, 8, 10, 20, 30, 50, 100, 200, 500]

/** Instruments of one process, exported as Prometheus' OTLP translation names them. */
export class Instruments {
  readonly #source: MemorySource
  readonly #resource: Labels
  readonly #histograms = new Map<string, Histogram>()
  readonly #counters = new Map<string, { labels: Labels; value: number }>()
  readonly #gauges = new Map<string, { labels: Labels; value: number }>()

  constructor(source: MemorySource, resource: Labels) {
    this.#source = source
    this.#resource = resource
  }

  /** One observation of a histogram; its series exist from the next export on. */
  observe(name: string, labels: Labels, value: number): void {
    const all = { ...labels, ...this.#resource, __name__: name }
    const key = JSON.stringify(all)
    let histogram = this.#histograms.get(key)
    if (histogram === undefined) {
      histogram = new Histogram(all, name.includes('child_calls') ? CALLS : SECONDS)
      this.#histograms.set(key, histogram)
    }
    histogram.observe(value)
  }

  add(name: string, labels: Labels, value: number): void {
    const entry = this.#entry(this.#counters, name, labels)
    entry.value += value
  }

  set(name: string, labels: Labels, value: number): void {
    this.#entry(this.#gauges, name, labels).value = value
  }

  export(timeMs: number): void {
    for (const { labels, value } of [...this.#counters.values(), ...this.#gauges.values()]) {
      this.#source.add(labels, timeMs, value)
    }
    for (const histogram of this.#histograms.values()) histogram.export(this.#source, timeMs)
  }

  #entry(
    entries: Map<string, { labels: Labels; value: number }>,
    name: string,
    labels: Labels,
  ): { labels: Labels; value: number } {
    const all = { ...labels, ...this.#resource, __name__: name }
    const key = JSON.stringify(all)
    const entry = entries.get(key) ?? { labels: all, value: 0 }
    entries.set(key, entry)
    return entry
  }
}

class Histogram {
  readonly #labels: Record<string, string>
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.#sum += value
    this.#count++
    for (const [index, bound] of this.#bounds.entries()) {
      if (value <= bound) this.#counts[index]!++
    }
  }

  export(source: MemorySource, timeMs: number): void {
    const name = this.#labels.__name__!
    for (const [index, bound] of this.#bounds.entries()) {
      const labels = { ...this.#labels, __name__: `${name}_bucket`, le: String(bound) }
      source.add(labels, timeMs, this.#counts[index]!)
    }
    source.add({ ...this.#labels, __name__: `${name}_bucket`, le: '+Inf' }, timeMs, this.#count)
    source.add({ ...this.#labels, __name__: `${name}_sum` }, timeMs, this.#sum)
    source.add({ ...this.#labels, __name__: `${name}_count` }, timeMs, this.#count)
  }
}

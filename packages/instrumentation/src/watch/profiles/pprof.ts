import {
  type FunctionInput,
  type LocationInput,
  Profile,
  type SampleInput,
  StringTable,
  type ValueTypeInput,
} from 'pprof-format'
import type { Place } from '../stall/hot-frames.ts'
import type { SourceMaps } from '../stall/source-maps.ts'

/** A frame of V8's profiles: lines and columns count from 0, and are -1 for what is no JavaScript. */
export interface V8CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** What a value of a sample counts, as `['cpu', 'nanoseconds']`. */
export type ValueKind = readonly [type: string, unit: string]

export interface PprofHead {
  readonly kinds: readonly ValueKind[]
  /** The kind that a reader shows when it is not told which. */
  readonly shown: string
  /** What one sample stands for, in `kinds` of the last. */
  readonly period: number
  /** Wall clock, in ms. */
  readonly startedAtMs: number
  readonly durationMs: number
}

/** Functions of Node's own are known by their module's name; those of the app by their path. */
type PlaceOf = (frame: V8CallFrame) => Place

/** Writes a profile as pprof has it (github.com/google/pprof/blob/main/proto/profile.proto), sample by sample. */
export class PprofWriter {
  readonly #strings = new StringTable()
  readonly #functions = new Map<string, FunctionInput & { readonly id: number }>()
  readonly #locations = new Map<string, LocationInput & { readonly id: number }>()
  readonly #samples: SampleInput[] = []
  readonly #sourceMaps: SourceMaps
  readonly #placeOf: PlaceOf

  constructor(sourceMaps: SourceMaps, placeOf: PlaceOf) {
    this.#sourceMaps = sourceMaps
    this.#placeOf = placeOf
  }

  /**
   * The location of a frame, for `add`.
   *
   * @param line the line that ran, from 1; undefined: that of the function
   */
  locate(frame: V8CallFrame, line?: number): number {
    const built = this.#placeOf(frame)
    const place = this.#sourceMaps.locate(built) ?? built
    // A line of the built file says nothing of the source.
    const ranAt = line === undefined || place !== built ? place.line : line
    const functionId = this.#functionOf(place)
    const key = `${functionId}:${ranAt}`
    const known = this.#locations.get(key)
    if (known !== undefined) return known.id
    const id = this.#locations.size + 1
    this.#locations.set(key, { id, line: [{ functionId, line: ranAt }] })
    return id
  }

  /** Adds what was sampled at a stack of locations, the innermost first. */
  add(locationId: number[], value: number[]): void {
    this.#samples.push({ locationId, value })
  }

  /** The profile's bytes, not compressed. */
  encode({ kinds, shown, period, startedAtMs, durationMs }: PprofHead): Uint8Array {
    const strings = this.#strings
    const toValueType = ([type, unit]: ValueKind): ValueTypeInput => ({
      type: strings.dedup(type),
      unit: strings.dedup(unit),
    })
    const profile = new Profile({
      sampleType: kinds.map(toValueType),
      sample: this.#samples,
      location: [...this.#locations.values()],
      function: [...this.#functions.values()],
      periodType: toValueType(kinds.at(-1)!),
      period,
      timeNanos: BigInt(Math.round(startedAtMs * 1e6)),
      durationNanos: BigInt(Math.round(durationMs * 1e6)),
      defaultSampleType: strings.dedup(shown),
      stringTable: strings,
    })
    return profile.encode()
  }

  #functionOf({ function: name, file, line }: Place): number {
    const key = `${name}\n${file}\n${line}`
    const known = this.#functions.get(key)
    if (known !== undefined) return known.id
    const id = this.#functions.size + 1
    this.#functions.set(key, {
      id,
      name: this.#strings.dedup(name),
      systemName: this.#strings.dedup(name),
      filename: this.#strings.dedup(file),
      startLine: line,
    })
    return id
  }
}

import { createSharedMemory } from '../shared/memory-layout.ts'
import { SeriesWriter } from '../shared/series-writer.ts'
import { Components } from './components.ts'
import { ObservedPools } from './observed-pools.ts'

/** What exists once in a process, however many copies of this package are loaded into it. */
export interface ProcessWide {
  readonly writer: SeriesWriter
  readonly components: Components
  /** Pools that the app has named itself. */
  readonly observedPools: ObservedPools
  /** Servers that are part of us, an embedded analyzer's: their requests are not the app's. */
  readonly ownPorts: Set<number>
  /** True from the moment that an agent starts. */
  started: boolean
}

// The number is that of this interface: a copy with another one keeps to itself.
const KEY = Symbol.for('chokepoint.instrumentation.2')

/** The one of this process, made when it is first wanted: by the preload, or by an app without it. */
export function processWide(): ProcessWide {
  const holder = globalThis as { [KEY]?: ProcessWide }
  if (holder[KEY] === undefined) {
    const writer = new SeriesWriter(createSharedMemory())
    holder[KEY] = {
      writer,
      components: new Components(writer),
      observedPools: new ObservedPools(),
      ownPorts: new Set(),
      started: false,
    }
  }
  return holder[KEY]
}

import type { Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'

/** A place in the code and the part of the profile's time that was spent there. */
export interface Frame {
  readonly function: string
  /** Empty for what is no JavaScript: the garbage collector, native code. */
  readonly file: string
  /** Counts from 1; 0 when unknown. */
  readonly line: number
  /** Counts from 1; for source maps. */
  readonly column: number
  readonly share: number
}

type Node = Profiler.ProfileNode

/**
 * Where the time of a profile went, the most first. Time in Node's own code and in native functions
 * belongs to the function that called them: nobody can change `JSON.parse`, only the call of it.
 * Samples after `untilMs` are left out; the clock is that of the profile, monotonic.
 */
export function hotFrames(
  profile: Profiler.Profile,
  framesMax: number,
  untilMs: number,
): readonly Frame[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map<number, Node>()
  for (const node of profile.nodes) {
    for (const child of node.children ?? []) parents.set(child, node)
  }
  const times = new Map<string, { place: Omit<Frame, 'share'>; time: number }>()
  let total = 0
  for (const [id, time] of timeByNode(profile, untilMs)) {
    const leaf = nodes.get(id)
    if (leaf === undefined || leaf.callFrame.functionName === '(idle)') continue
    const place = placeOf(responsible(leaf, parents))
    const key = `${place.function}\n${place.file}\n${place.line}`
    const known = times.get(key)
    if (known === undefined) times.set(key, { place, time })
    else known.time += time
    total += time
  }
  return Array.from(times.values(), ({ place, time }) => ({ ...place, share: time / total }))
    .sort((one, other) => other.share - one.share)
    .slice(0, framesMax)
}

/** Microseconds by node: each sample stands for the time until the next one. */
function timeByNode(profile: Profiler.Profile, untilMs: number): Map<number, number> {
  const { samples = [], timeDeltas = [] } = profile
  const times = new Map<number, number>()
  let at = profile.startTime
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0
    if (at > untilMs * 1000) break
    // At least one: a profile of one single sample still says where the thread was.
    const time = Math.max(1, timeDeltas[index + 1] ?? 0)
    times.set(id, (times.get(id) ?? 0) + time)
  }
  return times
}

/** The nearest caller that is somebody's code; the leaf itself when there is none. */
function responsible(leaf: Node, parents: ReadonlyMap<number, Node>): Node {
  for (let node: Node | undefined = leaf; node !== undefined; node = parents.get(node.id)) {
    const { url } = node.callFrame
    if (url !== '' && !url.startsWith('node:')) return node
  }
  return leaf
}

function placeOf(node: Node): Omit<Frame, 'share'> {
  const { functionName, url, lineNumber, columnNumber } = node.callFrame
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  if (functionName !== '' || file === '') {
    const name = functionName === '' ? '(anonymous)' : functionName
    return { function: name, file, line: lineNumber + 1, column: columnNumber + 1 }
  }
  // The body of a module begins at line 1, which says nothing; its hottest line does.
  const isModule = lineNumber === 0
  const hottest = node.positionTicks?.reduce((one, two) => (two.ticks > one.ticks ? two : one))
  return {
    function: isModule ? '(module)' : '(anonymous)',
    file,
    line: isModule && hottest !== undefined ? hottest.line : lineNumber + 1,
    column: isModule ? 1 : columnNumber + 1,
  }
}

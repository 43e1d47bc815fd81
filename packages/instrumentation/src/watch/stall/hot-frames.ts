import type { Profiler } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { OWN_CODE } from '../own-code.ts'

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
  /** What it called most of that time of Node's own or native code, as `readFileSync (node:fs)`; or empty. */
  readonly callee: string
  /** The line it was seen at most, from 1, where V8's own functions are called, as `JSON.parse`; 0 when unknown. */
  readonly hotLine: number
  /** Whether it was seen at that line only: it may have called a function that the profiler does not know. */
  readonly oneLine: boolean
}

/** Where a function stands in the code. */
export type Place = Pick<Frame, 'function' | 'file' | 'line' | 'column'>

type Node = Profiler.ProfileNode

/** What is known of one place. Times are in microseconds. */
interface Seen {
  readonly place: Place
  time: number
  readonly callees: Map<string, number>
  readonly lines: Map<number, number>
}

/**
 * Where the time of a profile went, the most first. Time in Node's own code, in ours and in native functions
 * belongs to the function that called them: nobody can change `readFileSync`, only the call of it.
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
  const places = new Map<string, Seen>()
  let total = 0
  for (const [id, time] of timeByNode(profile, untilMs)) {
    const leaf = nodes.get(id)
    if (leaf === undefined || leaf.callFrame.functionName === '(idle)') continue
    const { owner, callee } = responsible(leaf, parents)
    // Our code is nobody's to change, and it runs in moments: it is only seen when a stall has just ended.
    if (owner.callFrame.url.startsWith(OWN_CODE)) continue
    const place = placeOf(owner)
    const key = `${place.function}\n${place.file}\n${place.line}`
    const seen = places.get(key) ?? { place, time: 0, callees: new Map(), lines: new Map() }
    places.set(key, seen)
    seen.time += time
    if (callee !== undefined) add(seen.callees, describeCallee(callee), time)
    else for (const { line, ticks } of leaf.positionTicks ?? []) add(seen.lines, line, ticks)
    total += time
  }
  return Array.from(places.values(), (seen) => toFrame(seen, total))
    .sort((one, other) => other.share - one.share)
    .slice(0, framesMax)
}

function toFrame({ place, time, callees, lines }: Seen, total: number): Frame {
  const callee = largest(callees)
  return {
    ...place,
    share: time / total,
    callee: callee !== undefined && callees.get(callee)! > time / 2 ? callee : '',
    hotLine: largest(lines) ?? 0,
    oneLine: lines.size <= 1,
  }
}

function largest<Key>(times: ReadonlyMap<Key, number>): Key | undefined {
  const [first] = Array.from(times).sort(([, one], [, other]) => other - one)
  return first?.[0]
}

function add<Key>(times: Map<Key, number>, key: Key, time: number): void {
  times.set(key, (times.get(key) ?? 0) + time)
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
    add(times, id, time)
  }
  return times
}

/** The nearest caller that is somebody's code, and what it called; the leaf itself when there is none. */
function responsible(
  leaf: Node,
  parents: ReadonlyMap<number, Node>,
): { readonly owner: Node; readonly callee: Node | undefined } {
  let callee: Node | undefined
  for (let node: Node | undefined = leaf; node !== undefined; node = parents.get(node.id)) {
    const { url } = node.callFrame
    const isApp = url !== '' && !url.startsWith('node:') && !url.startsWith(OWN_CODE)
    if (isApp) return { owner: node, callee }
    callee = node
  }
  return { owner: leaf, callee: undefined }
}

/** `readFileSync (node:fs)`, or `parse` for what is native. */
function describeCallee({ callFrame: { functionName, url } }: Node): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} (${url})`
}

function placeOf(node: Node): Place {
  const { functionName, url, lineNumber, columnNumber } = node.callFrame
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  if (functionName !== '' || file === '') {
    const name = functionName === '' ? '(anonymous)' : functionName
    return { function: name, file, line: lineNumber + 1, column: columnNumber + 1 }
  }
  // The body of a module begins at line 1, which says nothing; its hottest line does.
  const isModule = lineNumber === 0
  const hottest = largest(new Map(node.positionTicks?.map(({ line, ticks }) => [line, ticks])))
  return {
    function: isModule ? '(module)' : '(anonymous)',
    file,
    line: isModule && hottest !== undefined ? hottest : lineNumber + 1,
    column: isModule ? 1 : columnNumber + 1,
  }
}

/** What `serve` has V8 do that can only be said at the start (decision 0013). */
export const NODE_FLAGS = [
  // A larger nursery only collects what requests left behind; a smaller one makes queries slower.
  '--max-semi-space-size=8',
  // Four threads that collect and compile would take turns with the program where there are one or two cores.
  '--v8-pool-size=1',
  // So that `keepGivingBack` can begin a collection.
  '--expose-gc',
]
/**
 * How glibc is to allocate. What lies among small pieces keeps its place in use when it is freed. So arrays are mapped by
 * themselves, and the blocks of 32 KiB in which V8's compilers think, of which there may be 14 MB for a moment; and threads
 * have arenas of their own, in which nothing stays when a job of theirs is done.
 */
export const ALLOCATION = {
  MALLOC_ARENA_MAX: '8',
  MALLOC_MMAP_THRESHOLD_: '24576',
  MALLOC_TRIM_THRESHOLD_: '131072',
}
/** Flags by which somebody has decided about memory already. */
const DECIDED = /semi[-_]space/

/**
 * Replaces this process by the same command with a small nursery and settings of the C library: same process id, same
 * standard streams. The defaults are for programs whose memory is JavaScript objects; the samples of the analyzer
 * lie outside of the heap. Does nothing where a process cannot be replaced (Windows), when it has a parent
 * that talks to it, or when the flags are set already.
 */
export function becomeLean(): void {
  const { execArgv, env, execPath, argv } = process
  const flags = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ')
  if (DECIDED.test(flags) || process.connected || process.platform === 'win32') return
  if (typeof process.execve !== 'function') return
  process.execve(execPath, [execPath, ...NODE_FLAGS, ...execArgv, ...argv.slice(1)], {
    ...ALLOCATION,
    ...env,
  } as Record<string, string>)
}

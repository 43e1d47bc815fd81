import type { Post } from './post.ts'

/**
 * Begins to sample the thread that `post` sends to; resolves when the sampling has begun.
 *
 * V8 tells a profiler that begins of all code there is, and holds its lock for code events meanwhile. For optimized
 * code that inlined a function of another script it may have to find out where the lines of that script end, which
 * allocates. A full collection that begins there waits for its helpers, they wait for the lock, and the thread stands
 * still for good (nodejs/node#65140 is one form of it). To enable the debugger finds the ends of all lines, without the
 * lock; V8 keeps them, and does the same for each script that comes while it profiles.
 */
export async function startCpuProfile(post: Post, sampleEveryMicroseconds: number): Promise<void> {
  // Sent at once, in order: each round trip could wait for native code to return, and let more scripts come.
  await Promise.all([
    post('Debugger.enable'),
    post('Debugger.disable'),
    post('Profiler.enable'),
    post('Profiler.setSamplingInterval', { interval: sampleEveryMicroseconds }),
    post('Profiler.start'),
  ])
}

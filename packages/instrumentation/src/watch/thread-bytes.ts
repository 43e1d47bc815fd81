import { getHeapStatistics } from 'node:v8'

/** Memory of the calling thread's own: what its objects use, and the buffers that they hold. */
export function readThreadBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}

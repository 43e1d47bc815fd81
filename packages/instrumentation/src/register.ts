import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// The preload flag's module. It imports nothing of ours by itself: an old Node would already fail at linking what it
// does not have, and the app would not start.

const NODE_OLDEST = [22, 15] as const

function supported(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor >= NODE_OLDEST[1])
}

if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true') {
  if (supported()) await import('./start.ts')
  else if (isMainThread) {
    const needed = `needs Node.js ${NODE_OLDEST.join('.')} or newer`
    const line = `[chokepoint] ${needed}, this is ${process.versions.node}: the app runs without it\n`
    try {
      writeSync(2, line)
    } catch {
      // A closed or full stderr is no reason to disturb the app.
    }
  }
}

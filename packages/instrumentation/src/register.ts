import { isMainThread } from 'node:worker_threads'
import { startAgent, tellsWarnings, warnOnStderr } from './app/agent.ts'
import { processWide } from './app/process-wide.ts'
import { readSettings } from './settings/settings.ts'

const NODE_OLDEST = [22, 15] as const

function supported(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor >= NODE_OLDEST[1])
}

function start(): void {
  const warnings: string[] = []
  const settings = readSettings(process.env, (line) => warnings.push(line))
  // In a worker thread what is wrong with the settings was told by the main thread.
  if (isMainThread && tellsWarnings(settings)) warnings.forEach(warnOnStderr)
  if (!settings.enabled) return
  if (!supported()) {
    if (!isMainThread) return
    warnOnStderr(
      `needs Node.js ${NODE_OLDEST.join('.')} or newer, this is ${process.versions.node}: the app runs without it`,
    )
    return
  }
  startAgent(settings)
}

// Two preloads (a flag and NODE_OPTIONS, a copy in another folder) must not count each request twice. A worker thread
// of the app has a flag's preload too; the watch thread has none.
try {
  if (!processWide().started) start()
} catch (error) {
  warnOnStderr(
    `could not start, the app runs without it: ${error instanceof Error ? error.message : error}`,
  )
}

import { isMainThread } from 'node:worker_threads'
import { startAgent, tellsWarnings, warnOnStderr } from './app/agent.ts'
import { processWide } from './app/process-wide.ts'
import { readSettings } from './settings/settings.ts'

function start(): void {
  const warnings: string[] = []
  const settings = readSettings(process.env, (line) => warnings.push(line))
  // In a worker thread what is wrong with the settings was told by the main thread.
  if (isMainThread && tellsWarnings(settings)) warnings.forEach(warnOnStderr)
  if (!settings.enabled) return
  if (threadsForbidden()) {
    if (isMainThread)
      warnOnStderr('Node is told to allow no threads (--allow-worker): the app runs without it')
    return
  }
  startAgent(settings)
}

/** Whether Node's permission model keeps us from the thread that all of it is about. */
function threadsForbidden(): boolean {
  const { permission } = process as { readonly permission?: { has(scope: string): boolean } }
  return permission?.has('worker') === false
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

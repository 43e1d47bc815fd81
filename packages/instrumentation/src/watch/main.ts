import { parentPort, workerData } from 'node:worker_threads'
import type { AppMessage, WatchThreadData } from '../shared/messages.ts'
import { bundleWarning } from './bundled-libraries.ts'
import { WatchThread } from './watch-thread.ts'

// The worker's entry. Its errors reach the app thread as the worker's `error` event: one line there.
const port = parentPort
if (port !== null) {
  const watch = new WatchThread(workerData as WatchThreadData, (message) =>
    port.postMessage(message),
  )
  port.on('message', (message: AppMessage) => {
    void watch.receive(message).then(() => {
      // Nothing may keep this thread once the app has ended it.
      if (message.type === 'shutdown') port.close()
    })
  })
  await watch.start()
  const warning = await bundleWarning((workerData as WatchThreadData).mainScript)
  if (warning !== undefined) port.postMessage({ type: 'warning', text: warning })
}

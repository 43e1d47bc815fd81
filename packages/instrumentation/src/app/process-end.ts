import { constants } from 'node:os'

/** What has to be done when the process ends. */
export interface EndActions {
  /** The loop is empty: the last moment at which something asynchronous can be finished. */
  beforeEnd(): void
  /** Asks for a flush without waiting: the app has work of its own at this signal. */
  requestFlush(): void
  /** Exports everything, blocking for a bounded time. Called once. */
  shutdown(): void
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type WatchedSignal = (typeof SIGNALS)[number]

type ProcessEmit = (event: string | symbol, ...args: unknown[]) => boolean

/**
 * Sees every way in which a process can end and leaves it as it is. The `exit` event covers `process.exit`,
 * an empty loop and uncaught errors. A signal that nobody else listens to is re-raised after the shutdown, so the
 * process dies of it as it would have without us; if the app listens, ending is the app's decision.
 */
export function watchProcessEnd(actions: EndActions): void {
  let ended = false
  const endOnce = (): void => {
    if (ended) return
    ended = true
    actions.shutdown()
  }
  process.on('exit', endOnce)
  process.on('beforeExit', () => actions.beforeEnd())

  // A listener of ours could be counted: libraries such as signal-exit re-raise a signal only when nobody else
  // listens, and would leave a process alive that should die. So signals are caught without a listener: Node begins
  // to catch a signal when `newListener` is emitted for it, and then calls `process.emit`.
  const emit: ProcessEmit = process.emit.bind(process) as ProcessEmit
  const patched: ProcessEmit = (event, ...args) => {
    const signal = SIGNALS.find((candidate) => candidate === event)
    if (signal === undefined) return emit(event, ...args)
    if (process.listenerCount(signal) > 0) {
      if (!ended) actions.requestFlush()
      return emit(event, ...args)
    }
    endOnce()
    disarm(emit, signal)
    process.kill(process.pid, signal)
    return false
  }
  process.emit = patched as typeof process.emit
  process.on('removeListener', (event) => {
    const signal = SIGNALS.find((candidate) => candidate === event)
    // The app's last listener has gone, and with it Node's catching: arm again.
    if (signal !== undefined && !ended) arm(emit, signal)
  })
  for (const signal of SIGNALS) arm(emit, signal)

  // A process that signals itself dies at once. Caught, the signal would wait for the next turn of the loop, and
  // there may be none.
  const kill = process.kill.bind(process)
  process.kill = (pid, name) => {
    const signal = pid === process.pid ? watchedSignal(name) : undefined
    if (signal !== undefined && !ended && process.listenerCount(signal) === 0) {
      endOnce()
      disarm(emit, signal)
    }
    return kill(pid, name)
  }
}

/** The same for a worker thread: it has no signals, and its end is its own. */
export function watchThreadEnd({ beforeEnd, shutdown }: EndActions): void {
  process.on('beforeExit', beforeEnd)
  process.on('exit', shutdown)
}

/** The signal that `process.kill` is asked for by name or number, if it is one of those that end a process. */
function watchedSignal(signal: string | number = 'SIGTERM'): WatchedSignal | undefined {
  return SIGNALS.find((name) => name === signal || constants.signals[name] === signal)
}

function arm(emit: ProcessEmit, signal: WatchedSignal): void {
  emit('newListener', signal, nobody)
}

function disarm(emit: ProcessEmit, signal: WatchedSignal): void {
  emit('removeListener', signal, nobody)
}

function nobody(): void {}

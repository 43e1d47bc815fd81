/** How long background work runs before requests and arriving data are let in. */
const TURN_MS = 5

interface Task {
  readonly steps: Generator<void, unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Where everything that takes longer than a request may wait is done: passes of rules and detectors, queries
 * over HTTP, reports. The event loop gives it one turn of a few milliseconds each time round, whatever the
 * number of tasks, and the tasks take turns.
 */
export interface Turns {
  /** Does the work in steps; resolves to its result. */
  readonly run: <Result>(steps: Generator<void, Result>) => Promise<Result>
}

/** `stopwatch` gives milliseconds since any fixed instant. */
export function createTurns(stopwatch: () => number = () => performance.now()): Turns {
  const tasks: Task[] = []
  let awaited = false
  // What comes in is served between two turns: `setImmediate` comes after the sockets.
  const awaitTurn = () => {
    if (awaited || tasks.length === 0) return
    awaited = true
    setImmediate(turn)
  }
  const turn = () => {
    awaited = false
    const untilMs = stopwatch() + TURN_MS
    while (tasks.length > 0) {
      const task = tasks.shift() as Task
      if (!advance(task, untilMs, stopwatch)) tasks.push(task)
      if (stopwatch() >= untilMs) break
    }
    awaitTurn()
  }
  return {
    run: <Result>(steps: Generator<void, Result>) =>
      new Promise<Result>((resolve, reject) => {
        tasks.push({ steps, resolve: resolve as (result: unknown) => void, reject })
        awaitTurn()
      }),
  }
}

/** Takes steps until the turn is over; true when the task is done. */
function advance(task: Task, untilMs: number, stopwatch: () => number): boolean {
  try {
    do {
      const step = task.steps.next()
      if (step.done !== true) continue
      task.resolve(step.value)
      return true
    } while (stopwatch() < untilMs)
    return false
  } catch (error) {
    task.reject(error)
    return true
  }
}

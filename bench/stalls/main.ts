import { spawn } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readAttributes } from '../../packages/instrumentation/test/watch/otlp-json.ts'
import { OtlpReceiver } from '../../packages/instrumentation/test/watch/otlp-receiver.ts'
import { WatchedApp } from '../../packages/instrumentation/test/watch/watched-app.ts'

// node --conditions=chokepoint-source bench/stalls/main.ts [--seconds 30] [--only TEXT]
// How many stalls are told of an app that is healthy on a machine that is not, and how many blocks are found there.
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, only: { type: 'string' } },
})
const seconds = Number(values.seconds)
const APP = join(import.meta.dirname, 'programs/app.mjs')
const GROUP = `/sys/fs/cgroup/cpu/chokepoint-bench-${process.pid}`

/** A machine or an app to be tried. `during` makes the trouble and returns how to end it. */
interface Trial {
  readonly name: string
  readonly mode: 'light' | 'block' | 'garbage'
  readonly during: (pid: number) => () => void
}

const nothing = () => () => undefined

/** So many busy loops beside the app. */
function busyLoops(count: number): () => () => void {
  return () => {
    const stress = spawn('stress-ng', [
      '--cpu',
      `${count}`,
      '--timeout',
      `${seconds + 60}s`,
      '--quiet',
    ])
    return () => stress.kill()
  }
}

function stopNowAndThen(pid: number): () => void {
  const timer = setInterval(() => {
    process.kill(pid, 'SIGSTOP')
    setTimeout(() => process.kill(pid, 'SIGCONT'), 700)
  }, 3000)
  return () => clearInterval(timer)
}

/** A fifth of a processor, by a control group of version 1. */
function throttle(pid: number): () => void {
  mkdirSync(GROUP)
  writeFileSync(`${GROUP}/cpu.cfs_quota_us`, '20000')
  writeFileSync(`${GROUP}/cgroup.procs`, `${pid}`)
  return () => writeFileSync('/sys/fs/cgroup/cpu/cgroup.procs', `${pid}`)
}

const trials: readonly Trial[] = [
  { name: 'healthy, quiet machine', mode: 'light', during: nothing },
  { name: 'healthy, 10 busy loops', mode: 'light', during: busyLoops(10) },
  { name: 'healthy, stopped for 0.7 s every 3 s', mode: 'light', during: stopNowAndThen },
  { name: 'healthy, throttled to 0.2 processors', mode: 'light', during: throttle },
  { name: 'much garbage, quiet machine', mode: 'garbage', during: nothing },
  { name: 'much garbage, 10 busy loops', mode: 'garbage', during: busyLoops(10) },
  { name: 'blocks of 300 ms, quiet machine', mode: 'block', during: nothing },
  { name: 'blocks of 300 ms, 10 busy loops', mode: 'block', during: busyLoops(10) },
  { name: 'blocks of 300 ms, throttled', mode: 'block', during: throttle },
]

const only =
  values.only === undefined ? trials : trials.filter(({ name }) => name.includes(values.only!))

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function run({ name, mode, during }: Trial): Promise<void> {
  const receiver = new OtlpReceiver()
  const app = new WatchedApp(APP, await receiver.listen(), { MODE: mode })
  await app.reported(receiver)
  let blocks = 0
  app.child.on('message', (message: { blocks: number }) => {
    blocks = message.blocks
  })
  // The start of the app is its own matter.
  await wait(2000)
  const before = blocks
  const undo = during(app.child.pid!)
  await wait(seconds * 1000)
  const after = blocks
  undo()
  await wait(2000)
  await app.end()
  receiver.close()
  const told = receiver.metrics('nodejs.eventloop.blocked.duration').at(-1)?.points ?? []
  const frames = told.map(
    ({ attributes, count = 0 }) => `${attributes['code.function.name'] ?? '-'} ${count}`,
  )
  const events = receiver.logRequests.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
  )
  const named = events.map((event) => readAttributes(event.attributes)['code.function.name'])
  const right = named.filter((frame) =>
    ['blockTheLoop', 'spin', 'countTo', 'usedMs'].includes(String(frame)),
  ).length
  const total = told.reduce((sum, { count = 0 }) => sum + count, 0)
  console.log(
    `${name.padEnd(40)} blocks ${`${after - before}`.padStart(3)}  told ${`${total}`.padStart(3)}  ` +
      `events ${named.length}, right ${right}   ${frames.join(', ')}`,
  )
}

for (const trial of only) {
  try {
    await run(trial)
  } catch (error) {
    console.log(
      `${trial.name.padEnd(40)} not run: ${error instanceof Error ? error.message : error}`,
    )
  } finally {
    try {
      rmdirSync(GROUP)
    } catch {
      // Only the throttled trials make it.
    }
  }
}

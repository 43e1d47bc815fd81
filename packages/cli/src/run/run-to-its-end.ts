import type { RunningAnalyzer } from '@chokepoint/analyzer'
import { ChildCommand, type CommandEnd } from './child-command.ts'
import { childEnvironment } from './child-environment.ts'
import { forwardSignals } from './forward-signals.ts'

export interface RunOptions {
  readonly command: readonly [string, ...string[]]
  /** Takes the metrics of every process of the command. */
  readonly analyzer: RunningAnalyzer
  /** The command is ended after this long. */
  readonly durationMs?: number
}

const PRELOAD = '@chokepoint/instrumentation/register'

/** Runs a command with the preload until it ends, and hands signals on to it. */
export async function runToItsEnd({
  command,
  durationMs,
  analyzer,
}: RunOptions): Promise<CommandEnd> {
  const child = new ChildCommand(
    command,
    childEnvironment({
      inherited: process.env,
      registerUrl: import.meta.resolve(PRELOAD),
      otlpUrl: `http://127.0.0.1:${analyzer.ports.otlpHttp}`,
    }),
  )
  const stopForwarding = forwardSignals(child)
  const limit = durationMs === undefined ? undefined : setTimeout(() => child.stop(), durationMs)
  try {
    return await child.ended
  } finally {
    clearTimeout(limit)
    stopForwarding()
  }
}

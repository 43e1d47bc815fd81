import type { ChildCommand } from './child-command.ts'

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Hands the signals that this process gets on to the command; returns what ends that. */
export function forwardSignals(command: ChildCommand): () => void {
  const listeners = FORWARDED.map((signal) => {
    // A terminal sends Ctrl-C to all processes in front, the command included.
    const alreadyThere = signal === 'SIGINT' && process.stdin.isTTY === true
    const listener = () => command.handOn(signal, alreadyThere)
    process.on(signal, listener)
    return { signal, listener }
  })
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
}

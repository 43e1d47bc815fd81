import type { Call } from '../ast.ts'

/** The text of a string argument; the type check has made sure that it is one. */
export function stringArgument(call: Call, index: number): string {
  const arg = call.args[index]
  if (arg?.kind === 'string') return arg.value
  throw new TypeError(`argument ${index} of ${call.fn.name} is not a string`)
}

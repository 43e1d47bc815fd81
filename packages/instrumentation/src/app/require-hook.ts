import Module from 'node:module'

/** What each instrumentation of OpenTelemetry shares: the hook of every `require`, and who wants to know of it. */
interface RequireHook {
  register(...args: unknown[]): unknown
}

interface Hooked {
  readonly _requireInTheMiddleSingleton?: RequireHook
}

/**
 * Makes an instrumentation without its hook of every `require`, which is put in place with the first of them, enabled
 * or not, and costs each file that the app loads. It comes back when somebody registers with it: an app that brings
 * instrumentations of its own may share it with us.
 */
export function withoutRequireHook<Made extends object>(make: () => Made): Made {
  const prototype = Module.prototype as { require: unknown }
  const { require: requireBefore } = prototype
  const { getBuiltinModule: builtinBefore } = process
  const made = make()
  const { require: requireHooked } = prototype
  const { getBuiltinModule: builtinHooked } = process
  const hook = (made as Hooked)._requireInTheMiddleSingleton
  if (requireHooked === requireBefore || hook === undefined) return made
  prototype.require = requireBefore
  process.getBuiltinModule = builtinBefore
  const { register } = hook
  hook.register = function registerAgain(...args) {
    // What others have put there meanwhile stays.
    if (prototype.require === requireBefore) prototype.require = requireHooked
    if (process.getBuiltinModule === builtinBefore) process.getBuiltinModule = builtinHooked
    hook.register = register
    return register.apply(hook, args)
  }
  return made
}

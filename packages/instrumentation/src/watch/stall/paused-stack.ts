import type { Debugger } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import type { Frame, Place } from './hot-frames.ts'

/** What runs at one moment, the innermost first; exact, unlike the frames of a profile. */
export type Stack = readonly Place[]

/** The stack of a paused thread, without Node's own code. `urls` are those of the scripts by their id. */
export function toStack(
  callFrames: readonly Debugger.CallFrame[],
  urls: ReadonlyMap<string, string>,
): Stack {
  const stack: Place[] = []
  for (const { functionName, functionLocation, location } of callFrames) {
    // A frame has a field for it, which newer versions of V8 leave empty.
    const url = urls.get(location.scriptId) ?? ''
    if (url === '' || url.startsWith('node:')) continue
    const { lineNumber, columnNumber = 0 } = functionLocation ?? location
    const isModule = functionName === '' && lineNumber === 0
    stack.push({
      function: isModule ? '(module)' : functionName === '' ? '(anonymous)' : functionName,
      file: url.startsWith('file:') ? fileURLToPath(url) : url,
      // The body of a module begins at line 1, which says nothing; the line it is at does.
      line: isModule ? location.lineNumber + 1 : lineNumber + 1,
      column: isModule ? 1 : columnNumber + 1,
    })
  }
  return stack
}

/**
 * Whether the profile may have blamed the wrong function. A loop that V8 compiled while it ran, before the
 * profiler began, is unknown to the profiler; its time is told as its caller's, at the one line of the call,
 * or as that of the native function that it calls. The caller may be Node itself, of a timer for example.
 */
export function mayHideLoop([top]: readonly Frame[]): boolean {
  return top?.oneLine === true && (top.file !== '' || isNative(top))
}

/**
 * The frames with the function in place of what was blamed for it, when the profiler did not know the function that
 * `stack` says is running.
 */
export function correctByStack(frames: readonly Frame[], stack: Stack): readonly Frame[] {
  const [running, ...callers] = stack
  if (running === undefined || frames.some((frame) => isSame(frame, running))) return frames
  const blamed =
    frames.find((frame) => callers.some((caller) => isSame(frame, caller))) ??
    frames.find((frame) => frame.file.startsWith('node:') || isNative(frame))
  if (blamed === undefined || !blamed.oneLine) return frames
  const callee = isNative(blamed) ? blamed.function : blamed.callee
  const corrected = { ...blamed, ...running, callee, hotLine: 0 }
  return frames.map((frame) => (frame === blamed ? corrected : frame))
}

/** A function of V8 or Node that is no JavaScript; `(garbage collector)` and `(program)` are none. */
function isNative({ file, function: name }: Frame): boolean {
  return file === '' && !name.startsWith('(')
}

/** The lines of modules are told by what is hot or running in them, and may differ. */
function isSame(frame: Frame, place: Place): boolean {
  return (
    frame.function === place.function &&
    frame.file === place.file &&
    (frame.line === place.line || frame.function === '(module)')
  )
}

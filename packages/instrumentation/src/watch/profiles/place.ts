import { fileURLToPath } from 'node:url'
import type { Place } from '../stall/hot-frames.ts'
import type { V8CallFrame } from './pprof.ts'

/** Where a function of a profile stands; V8 gives lines and columns from 0. */
export function placeOf({ functionName, url, lineNumber, columnNumber }: V8CallFrame): Place {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  const isModule = functionName === '' && lineNumber === 0 && file !== ''
  return {
    function: isModule ? '(module)' : functionName === '' ? '(anonymous)' : functionName,
    file,
    line: lineNumber + 1,
    column: columnNumber + 1,
  }
}

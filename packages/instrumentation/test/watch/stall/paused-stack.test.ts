import { expect } from 'chai'
import type { Frame } from '../../../src/watch/stall/hot-frames.ts'
import { correctByStack, mayHideLoop, toStack } from '../../../src/watch/stall/paused-stack.ts'

const caller: Frame = {
  function: 'caller',
  file: '/app/cart.js',
  line: 12,
  column: 9,
  share: 0.97,
  callee: '',
  hotLine: 14,
  oneLine: true,
}
const other: Frame = { ...caller, function: 'other', line: 40, share: 0.03 }
const place = ({ function: name, file, line, column }: Frame) => ({
  function: name,
  file,
  line,
  column,
})
const loop = { function: 'loop', file: '/app/loop.js', line: 3, column: 9 }

describe('stack of the paused thread', () => {
  const at = (lineNumber: number) => ({ scriptId: '7', lineNumber, columnNumber: 8 })
  const frame = (functionName: string, lineNumber: number, scriptId = '7') => ({
    callFrameId: '',
    functionName,
    functionLocation: { ...at(lineNumber), scriptId },
    location: { ...at(lineNumber + 2), scriptId },
    url: '',
    scopeChain: [],
    this: { type: 'undefined' as const },
  })
  const urls = new Map([
    ['7', 'file:///app/loop.js'],
    ['8', 'node:internal/timers'],
  ])

  it('has the functions of the app by the place where they begin', () => {
    const stack = toStack([frame('loop', 2), frame('listOnTimeout', 5, '8')], urls)
    expect(stack).to.deep.equal([loop])
  })

  it('has the body of a module by the line that runs', () => {
    expect(toStack([frame('', 0)], urls)).to.deep.equal([
      { function: '(module)', file: '/app/loop.js', line: 3, column: 1 },
    ])
  })

  it('leaves out code that has no address', () => {
    expect(toStack([frame('evaluated', 0, '99')], urls)).to.deep.equal([])
  })
})

describe('a loop that the profiler does not know', () => {
  it('is thought of only where a function was seen in one line', () => {
    expect(mayHideLoop([caller, other])).to.equal(true)
    expect(mayHideLoop([{ ...caller, oneLine: false }])).to.equal(false)
    const native = { ...caller, file: '', function: 'parse' }
    expect(mayHideLoop([native])).to.equal(true)
    expect(mayHideLoop([{ ...native, function: '(garbage collector)' }])).to.equal(false)
    expect(mayHideLoop([])).to.equal(false)
  })

  it('takes the share that its caller was blamed for', () => {
    expect(correctByStack([caller, other], [loop, place(caller)])).to.deep.equal([
      { ...caller, ...loop, hotLine: 0 },
      other,
    ])
  })

  it('is found through callers that the profiler does not know either', () => {
    const between = { ...loop, function: 'between', line: 30 }
    const [top] = correctByStack([caller], [loop, between, place(caller)])
    expect(top!.function).to.equal('loop')
  })

  it("is found below Node's own code, and by the native function that it calls", () => {
    const timers = { ...caller, function: 'listOnTimeout', file: 'node:internal/timers' }
    expect(correctByStack([timers, other], [loop])).to.deep.equal([
      { ...timers, ...loop, hotLine: 0 },
      other,
    ])
    const native = { ...caller, function: 'parse', file: '', line: 0, column: 0 }
    expect(correctByStack([native], [loop])).to.deep.equal([
      { ...native, ...loop, callee: 'parse', hotLine: 0 },
    ])
    const collector = { ...native, function: '(garbage collector)' }
    expect(correctByStack([collector], [loop])).to.deep.equal([collector])
  })

  it('changes nothing when the profiler knew the function', () => {
    const frames = [caller, { ...other, ...loop }]
    expect(correctByStack(frames, [loop, place(caller)])).to.equal(frames)
  })

  it('changes nothing when the stack is of something else', () => {
    expect(correctByStack([caller], [loop])).to.deep.equal([caller])
    expect(correctByStack([caller], [])).to.deep.equal([caller])
    const busy = { ...caller, oneLine: false }
    expect(correctByStack([busy], [loop, place(caller)])).to.deep.equal([busy])
  })
})

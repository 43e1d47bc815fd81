import { createHook } from 'node:async_hooks'
import { expect } from 'chai'
import { keepTickShape } from '../../src/app/tick-shape.ts'
import { exposeGc } from './collections.ts'

describe('the shape of ticks', () => {
  const gc = exposeGc()

  /** Whether the object of the tick that `work` asks for lives through full collections. */
  async function livesOn(work: () => void): Promise<boolean> {
    let tick: WeakRef<object> | undefined
    const hook = createHook({
      init: (_id, type, _trigger, resource) => {
        if (type === 'TickObject') tick ??= new WeakRef(resource)
      },
    })
    hook.enable()
    work()
    hook.disable()
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      gc()
    }
    expect(tick, 'a tick was asked for').not.to.equal(undefined)
    return tick!.deref() !== undefined
  }

  it('is kept by an object that lives for good', async () => {
    expect(await livesOn(keepTickShape)).to.equal(true)
  })

  it('would be lost otherwise: the object of another tick is collected', async () => {
    expect(await livesOn(() => process.nextTick(() => undefined))).to.equal(false)
  })
})

import { expect } from 'chai'
import { eventually } from '../eventually.ts'

async function failureOf(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => undefined,
    (error) => error,
  )
}

describe('eventually', () => {
  it('passes as soon as the check does', async () => {
    let checks = 0
    await eventually(async () => expect(++checks).to.equal(3))
    expect(checks).to.equal(3)
  })

  it('fails as the last check did, when none has passed in time', async () => {
    const failure = await failureOf(eventually(() => expect(1).to.equal(2), 50))
    expect(failure).to.have.property('message', 'expected 1 to equal 2')
  })

  it('ends at once for what is no failed assertion', async () => {
    let checks = 0
    const broken = new TypeError('broken')
    const failure = await failureOf(
      eventually(() => {
        checks++
        throw broken
      }),
    )
    expect(failure).to.equal(broken)
    expect(checks).to.equal(1)
  })
})

import { expect } from 'chai'
import { createBodyMemory } from '../../src/forward/bodies.ts'

describe('bodies that wait in memory', () => {
  it('stay as they were when the one who handed them over uses its buffer again', async () => {
    const buffer = Buffer.from('the first request')
    const bodies = createBodyMemory()
    await bodies.write('1', buffer)
    buffer.write('another request!!')
    expect(Buffer.from(await bodies.read('1')).toString()).to.equal('the first request')
  })
})

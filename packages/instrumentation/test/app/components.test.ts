import { expect } from 'chai'
import { component, tracked } from '../../src/app/component.ts'
import { Components } from '../../src/app/components.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

function measured() {
  const writer = new SeriesWriter(createSharedMemory())
  const reader = new SeriesReader(writer.memory)
  const operations = () =>
    [...reader.read()].map(({ attributes, ...series }) => [
      `${attributes['component.name']} ${attributes['operation.name']}`,
      attributes['error.type'],
      series.kind === 'histogram' ? series.count : 0,
    ])
  return { components: new Components(writer), operations }
}

describe('a component', () => {
  it('tracks what returns, what resolves, what throws and what rejects', async () => {
    const { components, operations } = measured()
    const pay = components.get('pay')
    expect(pay.track('returns', () => 7)).to.equal(7)
    expect(await pay.track('resolves', async () => 8)).to.equal(8)
    const wrong = new TypeError('wrong')
    expect(() =>
      pay.track('throws', () => {
        throw wrong
      }),
    ).to.throw(wrong)
    const rejected = await pay.track('rejects', () => Promise.reject(wrong)).catch((error) => error)
    expect(rejected).to.equal(wrong)
    expect(operations()).to.deep.equal([
      ['pay returns', undefined, 1],
      ['pay resolves', undefined, 1],
      ['pay throws', 'TypeError', 1],
      ['pay rejects', 'TypeError', 1],
    ])
  })

  it('records what the app has measured, and ends an operation once', () => {
    const { components, operations } = measured()
    components.get('db').record('read', 3)
    components.get('db').record('read', 3, { error: true })
    const running = components.get('db').start('write')
    running.end()
    running.end()
    expect(operations()).to.deep.equal([
      ['db read', undefined, 1],
      ['db read', '_OTHER', 1],
      ['db write', undefined, 1],
    ])
  })

  it('ignores what is no duration, and never throws for it', () => {
    const { components, operations } = measured()
    const db = components.get('db')
    for (const wrong of [NaN, -5, Infinity, -Infinity, 10n, '7', null, undefined]) {
      db.record('read', wrong as number)
    }
    db.record('read', 0)
    expect(operations()).to.deep.equal([['db read', undefined, 1]])
  })

  it('gives what a thenable resolves to, whatever its own `then` returns', async () => {
    const { components, operations } = measured()
    const bare = {
      // biome-ignore lint/suspicious/noThenProperty: an object that is no promise is what this is about
      then(resolve: (value: string) => void): void {
        setTimeout(() => resolve('later'), 5)
      },
    }
    expect(await components.get('db').track('bare', () => bare)).to.equal('later')
    expect(operations()).to.deep.equal([['db bare', undefined, 1]])
  })

  it('is bounded, however many names the app makes up', () => {
    const { components, operations } = measured()
    for (let number = 0; number < 3000; number++) components.get(`c${number}`).record('o', 1)
    expect(operations()).to.have.length(1001)
  })

  it('is one and the same in the whole process, and decorates methods', () => {
    expect(component('shared')).to.equal(component('shared'))
    const decorated = tracked('shared', 'add')(
      function (this: { base: number }, more: number) {
        return this.base + more
      },
      { name: 'plus' },
    )
    expect(decorated.call({ base: 2 }, 3)).to.equal(5)
  })
})

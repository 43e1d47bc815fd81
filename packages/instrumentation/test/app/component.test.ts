import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { transformSync } from 'esbuild'
import { tracked } from '../../src/app/component.ts'
import { processWide } from '../../src/app/process-wide.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'

/** What an app writes; Node's type stripping leaves decorators alone, so it is compiled as an app's build would. */
const SOURCE = `
  export const shopWith = (tracked: any) => {
    class Shop {
      prices = [3, 4]
      @tracked('NAME')
      total(factor: number): number {
        return factor * this.prices.reduce((sum, price) => sum + price, 0)
      }
      @tracked('NAME', 'pay it')
      async pay(): Promise<string> {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return 'paid'
      }
      @tracked('NAME')
      static refuse(): never {
        throw new RangeError('refused')
      }
    }
    return Shop
  }`

interface Shop {
  new (): { total(factor: number): number; pay(): Promise<string> }
  refuse(): never
}

async function compiled(name: string, experimentalDecorators: boolean): Promise<Shop> {
  const { code } = transformSync(SOURCE.replaceAll('NAME', name), {
    loader: 'ts',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-decorated-'))
  try {
    const file = join(folder, 'shop.mjs')
    writeFileSync(file, code)
    const { shopWith } = (await import(pathToFileURL(file).href)) as {
      shopWith: (decorator: unknown) => Shop
    }
    return shopWith(tracked)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function operationsOf(name: string): unknown[] {
  return [...new SeriesReader(processWide().writer.memory).read()]
    .filter(({ attributes }) => attributes['component.name'] === name)
    .map((series) => [
      series.attributes['operation.name'],
      series.attributes['error.type'],
      series.kind === 'histogram' ? series.count : 0,
    ])
}

describe('the decorator', () => {
  for (const [name, experimental] of [
    ['standard', false],
    ['experimental', true],
  ] as const) {
    it(`measures methods and leaves them what they are (${name} decorators)`, async () => {
      const Shop = await compiled(name, experimental)
      const shop = new Shop()
      expect(shop.total(2)).to.equal(14)
      expect(shop.total(3)).to.equal(21)
      expect(await shop.pay()).to.equal('paid')
      expect(() => Shop.refuse()).to.throw(RangeError, 'refused')
      expect(operationsOf(name)).to.have.deep.members([
        ['total', undefined, 2],
        ['pay it', undefined, 1],
        ['refuse', 'RangeError', 1],
      ])
    })
  }
})

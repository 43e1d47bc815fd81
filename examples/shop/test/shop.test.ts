import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const START = fileURLToPath(new URL('../start.ts', import.meta.url))

/** The shop as a child process, and what it has printed. */
class ShopProcess {
  readonly child: ChildProcess
  output = ''

  constructor(options: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [START, ...options], {
      env: { ...process.env, NODE_OPTIONS: '', SHOP_FAULTS: '', DATABASE_URL: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
  }

  /** The first match of the pattern in the output, waited for. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child, 'exit').then(() => {
          throw new Error(`the shop ended: ${this.output}`)
        }),
      ])
    }
  }

  async exitCode(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }
}

describe('examples/shop', () => {
  it('serves its customers without a failure, and ends with 0', async () => {
    const shop = new ShopProcess(['--seconds', '4', '--rate', '10'])
    expect(await shop.exitCode(), shop.output).to.equal(0)
    const [line] = /\{.*\}/.exec(shop.output)!
    expect(JSON.parse(line)).to.include({ sent: 40, failed: 0, skipped: 0 })
  })

  it('switches a fault of any part by the admin route, and ends all its processes on SIGTERM', async () => {
    const shop = new ShopProcess(['--seconds', '300', '--rate', '2'])
    const [, url] = await shop.printed(/storefront ready on (\S+)/)
    const [, payment] = await shop.printed(/payment ready on (\S+)/)
    const admin = (method: string) => fetch(`${url}/admin/faults/slow-payment`, { method })
    const chargeMs = async () => {
      const sentMs = performance.now()
      const body = JSON.stringify({ amountCents: 100 })
      const response = await fetch(`${payment}/charges`, { method: 'POST', body })
      expect(response.status).to.equal(201)
      return performance.now() - sentMs
    }
    expect(await (await admin('POST')).json()).to.deep.equal({ on: ['slow-payment'] })
    expect(await chargeMs()).to.be.above(250)
    expect(await (await admin('DELETE')).json()).to.deep.equal({ on: [] })
    expect(await chargeMs()).to.be.below(250)

    shop.child.kill('SIGTERM')
    expect(await shop.exitCode()).to.equal(0)
    const answer = await fetch(`${payment}/health`).catch((error: Error) => error.cause)
    expect(answer).to.have.property('code', 'ECONNREFUSED')
  })

  it('names the faults that there are when it is asked for one that is not', async () => {
    const shop = new ShopProcess([], { SHOP_FAULTS: 'n-plus-one,typo' })
    expect(await shop.exitCode()).to.equal(2)
    expect(shop.output).to.match(/SHOP_FAULTS names typo; there are: block-loop, /)
  })
})

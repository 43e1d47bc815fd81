import { expect } from 'chai'
import { guardedAddresses } from '../../src/notify/address-guard.ts'

/** The addresses that a guard lets through, or its words. */
async function guard(
  url: string,
  allowPrivate: boolean | undefined,
  resolved: readonly string[] = [],
) {
  const resolve = async () =>
    resolved.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  try {
    const addresses = await guardedAddresses(new URL(url), allowPrivate, resolve)
    return addresses.map(({ address }) => address).join()
  } catch (error) {
    return (error as Error).message
  }
}

const ADVICE = '; set allowPrivate: true on this endpoint to send there'

describe('address guard', () => {
  it('lets public addresses through', async () => {
    expect(
      await guard('https://example.org/', undefined, ['93.184.216.34', '2606:2800::1']),
    ).to.equal('93.184.216.34,2606:2800::1')
  })

  it('stops a name that leads inside, whichever form the address has', async () => {
    for (const [address, range] of [
      ['127.0.0.1', 'loopback'],
      ['10.1.2.3', 'private'],
      ['169.254.169.254', 'linkLocal'],
      ['::1', 'loopback'],
      ['::ffff:10.0.0.1', 'private'],
      ['64:ff9b::a00:1', 'private'],
      ['2002:a00:1::', 'private'],
      ['fd00::1', 'uniqueLocal'],
      ['0.0.0.0', 'unspecified'],
    ] as const) {
      expect(await guard('https://evil.example/', undefined, ['93.184.216.34', address])).to.equal(
        `evil.example resolves to ${address}, which is a ${range} address${ADVICE}`,
      )
      expect(await guard('https://evil.example/', true, [address])).to.equal(address)
    }
  })

  it('takes what the config itself says to be meant, but for cloud metadata', async () => {
    expect(await guard('http://127.0.0.1:8080/', undefined)).to.equal('127.0.0.1')
    expect(await guard('http://[::1]:8080/', undefined)).to.equal('::1')
    expect(await guard('http://192.168.0.7/', undefined)).to.equal('192.168.0.7')
    expect(await guard('http://localhost/', undefined, ['127.0.0.1'])).to.equal('127.0.0.1')
    expect(await guard('http://192.168.0.7/', false)).to.equal(
      `192.168.0.7 is a private address${ADVICE}`,
    )
    expect(await guard('http://169.254.169.254/', undefined)).to.equal(
      `169.254.169.254 is a linkLocal address${ADVICE}`,
    )
    // Other notations of 169.254.169.254, which URL parsing makes plain.
    expect(await guard('http://0xa9fea9fe/', undefined)).to.equal(
      `169.254.169.254 is a linkLocal address${ADVICE}`,
    )
  })
})

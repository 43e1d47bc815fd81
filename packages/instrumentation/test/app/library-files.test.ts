import { createRequire } from 'node:module'
import { expect } from 'chai'
import { fileAt, packageOfPath, packageOfRequest } from '../../src/app/library-files.ts'

const { resolve } = createRequire(import.meta.url)

describe('the package of a request', () => {
  for (const [request, name] of [
    ['pg', 'pg'],
    ['mysql2/promise', 'mysql2'],
    ['@grpc/grpc-js', '@grpc/grpc-js'],
    ['@smithy/core/client', '@smithy/core'],
    ['node:http2', 'node:http2'],
    ['./pool.js', undefined],
    ['/app/node_modules/pg/lib/index.js', undefined],
    ['C:\\app\\pg.js', undefined],
    ['#inner', undefined],
  ] as const) {
    it(`${request} is ${name ?? 'none'}`, () => expect(packageOfRequest(request)).to.equal(name))
  }
})

describe('a file of a package', () => {
  it('is known by the innermost folder, on any system', () => {
    const path = '/app/node_modules/.pnpm/pg@8/node_modules/pg/lib/client.js'
    expect(packageOfPath(path)).to.equal('pg')
    expect(packageOfPath('C:\\app\\node_modules\\@hapi\\hapi\\lib\\index.js')).to.equal(
      '@hapi/hapi',
    )
    expect(packageOfPath('/app/src/pg.js')).to.equal(undefined)
    expect(fileAt(path)).to.deep.include({ packageName: 'pg', name: 'pg/lib/client.js' })
  })

  it('goes by the name of the package when it is its entry', () => {
    const entry = resolve('mysql2')
    expect(fileAt(entry)).to.deep.equal({
      packageName: 'mysql2',
      name: 'mysql2',
      folder: entry.replace(/\/index\.js$/, ''),
    })
    expect(fileAt(resolve('mysql2/promise'))!.name).to.equal('mysql2/promise.js')
  })
})

import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { expect } from 'chai'
import { CliProcess } from './cli-process.ts'

const BOMB_BYTES = 1_000_000_000

/** An OTLP request with one gauge, `up` = 1, now: small enough that every length is one byte. */
function upRequest(): Buffer<ArrayBuffer> {
  const field = (tag: number, ...parts: readonly Buffer[]) => {
    const value = Buffer.concat(parts)
    return Buffer.concat([Buffer.from([tag, value.length]), value])
  }
  const point = Buffer.alloc(18)
  point[0] = 0x19 // time_unix_nano
  point.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1)
  point[9] = 0x21 // as_double
  point.writeDoubleLE(1, 10)
  const gauge = field(0x2a, field(0x0a, point))
  const metric = field(0x12, field(0x0a, Buffer.from('up')), gauge)
  return field(0x0a, field(0x12, metric))
}

describe('a running analyzer', () => {
  let folder: string
  let cli: CliProcess
  let otlp: string
  let api: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
    const any = ['--port', '0', '--otlp-http-port', '0', '--otlp-grpc-port', '0']
    cli = new CliProcess(['serve', '--data-dir', join(folder, 'data'), ...any])
    const [, url, port] = await cli.told(/live page and API (\S+), OTLP\/HTTP on port (\d+)/)
    api = url!
    otlp = `http://127.0.0.1:${port}/v1/metrics`
  })
  after(async () => {
    await cli.end()
    await rm(folder, { recursive: true, force: true })
  })
  afterEach('is still alive', async () => {
    expect((await fetch(`${api}/-/healthy`)).status).to.equal(200)
  })

  const post = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    fetch(otlp, { method: 'POST', body, headers: { 'content-type': type } })

  it('refuses bytes that are no OTLP', async () => {
    const garbage = Buffer.from(Array.from({ length: 1000 }, (_, n) => (n * 37 + 11) % 256))
    expect((await post(garbage, 'application/x-protobuf')).status).to.equal(400)
  })

  it('takes a whole protobuf message and refuses one that stops in the middle', async () => {
    const whole = upRequest()
    expect((await post(whole, 'application/x-protobuf')).status).to.equal(200)
    const cut = whole.subarray(0, whole.length / 2)
    expect((await post(cut, 'application/x-protobuf')).status).to.equal(400)
  })

  it('refuses JSON that is none, and says where', async () => {
    const response = await post('{"resourceMetrics": [', 'application/json')
    expect(response.status).to.equal(400)
    expect(await response.text()).to.match(/JSON/)
  })

  it('refuses a content type that OTLP does not have', async () => {
    const response = await post('up 1', 'text/plain')
    expect(response.status).to.equal(415)
    expect(await response.text()).to.contain('text/plain')
  })

  it('refuses a gigabyte in a megabyte of gzip without inflating it all', async () => {
    const before = await residentBytes(cli.child.pid!)
    const upload = request(otlp, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    })
    const answered = once(upload, 'response')
    // The rest of an upload that was refused is nobody's concern.
    upload.on('error', () => {})
    const gzip = createGzip()
    gzip.pipe(upload)
    const closed = once(upload, 'close')
    const zeros = Buffer.alloc(1_000_000)
    for (let sent = 0; sent < BOMB_BYTES && !upload.destroyed; sent += zeros.length) {
      if (!gzip.write(zeros)) await Promise.race([once(gzip, 'drain'), closed])
    }
    gzip.end()
    const [response] = await answered
    expect(response.statusCode).to.equal(413)
    response.resume()
    expect((await residentBytes(cli.child.pid!)) - before).to.be.below(300_000_000)
  })

  it('answers 404 to a path that is not there, with a sentence', async () => {
    const response = await fetch(`${api}/api/v1/nothing`)
    expect(response.status).to.equal(404)
    expect(await response.json()).to.have.property('status', 'error')
  })

  it('serves its own /metrics', async () => {
    const text = await (await fetch(`${api}/metrics`)).text()
    expect(text).to.match(/^# TYPE chokepoint_\w+ /m)
  })

  it('ends with 0 on SIGTERM', async () => {
    const any = ['--port', '0', '--otlp-http-port', '0', '--otlp-grpc-port', '0']
    const other = new CliProcess(['serve', '--data-dir', join(folder, 'other'), ...any])
    await other.told(/live page and API/)
    other.child.kill('SIGTERM')
    expect(await other.ended(), other.output).to.equal(0)
  })
})

/** What the kernel says that a process holds in memory; 0 where it cannot be read. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
}

import { once } from 'node:events'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

describe('worker threads of an app under the preload', () => {
  let receiver: OtlpReceiver
  let app: AppProcess
  let url: string

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
    app = new AppProcess('threads-app.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_METRIC_EXPORT_INTERVAL: '500',
      },
    })
    url = await app.listening()
  })

  afterEach(async () => {
    app.child.kill('SIGTERM')
    const { stderr, signal } = await app.ended
    receiver.stop()
    expect({ stderr, signal }).to.deep.equal({ stderr: '', signal: 'SIGTERM' })
  })

  async function run(job: { role: string; count: number; [option: string]: unknown }) {
    app.child.send(job)
    await once(app.child, 'message')
  }

  const runs = (component: string) =>
    receiver
      .points('component.operation.duration')
      .filter(({ attributes }) => attributes['component.name'] === component)

  it('tell their requests, spans and event loops by the name of the thread', async () => {
    await fetch(`${url}/one`)
    await until('a look', () => receiver.points('nodejs.worker.eventloop.utilization').length > 0)
    await fetch(`${url}/block`)
    const delay = () => receiver.points('nodejs.worker.eventloop.delay.max')[0]?.value ?? 0
    await until('the delay of the block', () => delay() > 0.09)
    await until('requests', () => receiver.points('http.server.request.duration')[0]?.count === 2)
    const [served] = receiver.points('http.server.request.duration')
    expect(served!.attributes['thread.name']).to.equal('api')
    const [used] = receiver.points('nodejs.worker.heap.used')
    expect(used!.attributes).to.include({ 'thread.name': 'api' })
    expect(used!.attributes['thread.id']).to.be.a('number')
    expect(used!.value).to.be.within(1e6, 200e6)
    await until('spans', () => receiver.spans().length >= 2)
  })

  it('stay in the sums when they are gone, and leave no series and no memory behind', async () => {
    await run({ role: 'job', count: 12 })
    await until('all jobs', () => runs('job')[0]?.count === 12)
    expect(runs('job')).to.have.length(1)
    await until('the counters of all', () => receiver.points('jobs.done')[0]?.value === 12)
    expect(runs('job')[0]!.attributes['thread.name']).to.equal('threads-app.mjs')
    await until('one thread left', () => receiver.points('nodejs.worker.count')[0]?.value === 1)
    await run({ role: 'loop', count: 2 })
    await until('terminated ones', () => runs('loop')[0]?.count === 2)
    await until('one thread left', () => receiver.points('nodejs.worker.count')[0]?.value === 1)
  })

  it('run as they would when they have no preload, or little memory', async () => {
    await run({ role: 'job', count: 1, execArgv: ['--conditions=chokepoint-source'] })
    // Loading takes ten to twelve; close to that it depends on when V8 collects.
    await run({ role: 'job', count: 2, resourceLimits: { maxOldGenerationSizeMb: 48 } })
    await until('those with a preload', () => runs('job')[0]?.count === 2)
  })
})

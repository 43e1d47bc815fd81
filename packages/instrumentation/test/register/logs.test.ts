import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const headers = (sampled: '00' | '01'): Record<string, string> => ({
  traceparent: `00-${TRACE}-b7ad6b7169203331-${sampled}`,
})

/** What the app logs when it starts, and for each request. */
const LINES_AT_START = 4
const LINES_A_REQUEST = 10

type Line = Readonly<Record<string, unknown>>

function linesOf(app: AppProcess): Line[] {
  return app.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
}

const messageOf = (line: Line): unknown => line.msg ?? line.message

/** Runs the app for some requests; gives the lines it logged and what it answered last. */
async function logged(
  system: string,
  requests: readonly { readonly path: string; readonly sampled: '00' | '01' }[],
  environment: Record<string, string> = {},
  observed = true,
): Promise<{ lines: Line[]; answer: unknown; stderr: string }> {
  const app = new AppProcess(`logs-app.${system}`, {
    ...(observed ? { preload: '--import' } : {}),
    environment: {
      OTEL_TRACES_SAMPLER_ARG: '0',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...environment,
    },
  })
  const url = await app.listening()
  let answer: unknown
  for (const { path, sampled } of requests) {
    answer = await (await fetch(url + path, { headers: headers(sampled) })).json()
  }
  const inside = requests.filter(({ path }) => path === '/inside').length
  const expected = LINES_AT_START + LINES_A_REQUEST * requests.length + inside
  await until(`${expected} lines`, () => linesOf(app).length === expected)
  app.child.kill('SIGTERM')
  const { stderr } = await app.ended
  return { lines: linesOf(app), answer, stderr }
}

describe('log records', () => {
  for (const system of ['cjs', 'mjs']) {
    it(`of pino, winston and bunyan lead to the trace, sampled or not (${system})`, async () => {
      const { lines, stderr } = await logged(system, [
        { path: '/', sampled: '00' },
        { path: '/', sampled: '01' },
      ])
      const asked = lines.filter((line) => messageOf(line) === 'asked')
      expect(asked.map(({ name }) => name)).to.have.members(
        ['pino', 'child', 'winston', 'bunyan'].flatMap((name) => [name, name]),
      )
      for (const line of asked) {
        expect(line.trace_id).to.equal(TRACE)
        expect(line.span_id).to.match(/^[0-9a-f]{16}$/)
      }
      expect(asked.map(({ trace_flags }) => trace_flags)).to.have.members([
        ...Array(4).fill('00'),
        ...Array(4).fill('01'),
      ])
      expect(new Set(asked.map(({ span_id }) => span_id)).size).to.equal(2)
      const outside = lines.filter((line) => messageOf(line) === 'started')
      expect(outside).to.have.length(4)
      for (const line of outside) expect(line).to.not.have.any.keys('trace_id', 'span_id')
      expect(stderr).to.equal('')
    })
  }

  it('are otherwise what they are without us, and the objects of the app stay as they are', async () => {
    const request = [{ path: '/', sampled: '00' }] as const
    const ours = await logged('mjs', request)
    const bare = await logged('mjs', request, {}, false)
    const stripped = (lines: Line[]): unknown[] =>
      lines.map(({ trace_id, span_id, trace_flags, time, pid, stack, err, ...line }) => ({
        ...line,
        type: (err as { name?: string; type?: string })?.type ?? (err as { name?: string })?.name,
        stack: String(stack).split('\n')[0],
      }))
    // Three libraries share one stream, each with a pace of its own.
    expect(stripped(ours.lines)).to.have.deep.members(stripped(bare.lines))
    expect(ours.answer).to.deep.equal(bare.answer)
    const own = ours.lines.filter((line) => messageOf(line) === 'own id')
    expect(own.map(({ trace_id, span_id }) => [trace_id, span_id])).to.deep.equal([
      ['mine', undefined],
    ])
  })

  it('name the span of the app that is active', async () => {
    const { lines } = await logged('cjs', [{ path: '/inside', sampled: '01' }])
    const inside = lines.find((line) => messageOf(line) === 'inside')!
    expect(inside.span_id).to.equal(inside.span)
    const asked = lines.find((line) => messageOf(line) === 'asked')!
    expect(asked.span_id).to.not.equal(inside.span)
  })

  it('stay as they are where the user has turned it off', async () => {
    const { lines } = await logged('cjs', [{ path: '/', sampled: '01' }], {
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pino,winston,bunyan',
    })
    const ids = lines.filter(({ trace_id }) => trace_id !== undefined && trace_id !== 'mine')
    expect(ids).to.deep.equal([])
  })
})

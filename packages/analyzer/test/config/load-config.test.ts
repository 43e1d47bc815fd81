// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references are the config's own syntax
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { printDefaults } from '../../src/config/defaults.ts'
import { LIMITS } from '../../src/config/limits.ts'
import { loadConfig, parseConfig } from '../../src/config/load-config.ts'
import { maskConfig } from '../../src/config/mask-config.ts'
import { seeded } from '../rules/seeded.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function parse(text: string, environment: Record<string, string> = {}) {
  return parseConfig(text, '/etc/chokepoint.yaml', environment)
}

function problemsOf(text: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    parseConfig(text, 'c.yaml', environment)
    return []
  } catch (error) {
    expect(error).to.have.property('code', 'CONFIG_INVALID')
    return (error as Error).message.split('\n')
  }
}

describe('config', () => {
  it('has the defaults that the documentation prints', () => {
    expect(parse(printDefaults())).to.deep.equal(parse(''))
    expect(parse('')).to.deep.include({
      retentionMs: 7_200_000,
      clock: 'wall',
      dataDir: '/etc/chokepoint-data',
    })
    expect(parse('').limits.seriesMax).to.equal(LIMITS.seriesMax.default)
  })

  it('lays a file over the defaults, key by key', () => {
    const config = parse(
      'thresholds: { cpu: { warning: 70% }, disk: null }\nlisten: { api: 0 }\nlimits: { bodyBytesMax: 1MiB }',
    )
    expect(config.thresholds.cpu).to.deep.equal({
      info: null,
      warning: 0.7,
      critical: 0.95,
      forMs: 60_000,
    })
    expect(config.thresholds.disk).to.equal(null)
    expect(config.listen).to.deep.equal({
      host: '127.0.0.1',
      otlpHttp: 4318,
      otlpGrpc: 4317,
      api: 0,
    })
    expect(config.limits).to.include({ bodyBytesMax: 1_048_576, depthMax: LIMITS.depthMax.default })
  })

  it('puts environment variables in, and a dollar sign for two', () => {
    const config = parse('dataDir: /${A}/${B:-b}/$$x\nlisten: { api: "${PORT}" }', {
      A: 'a',
      PORT: '99',
    })
    expect(config.dataDir).to.equal('/a/b/$x')
    expect(config.listen.api).to.equal(99)
  })

  it('reads secrets from files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-config-'))
    writeFileSync(join(directory, 'hook.secret'), `${SECRET}\n`)
    writeFileSync(
      join(directory, 'c.yaml'),
      'webhooks: [{ url: "https://example.org/", secretFile: hook.secret }]',
    )
    const { webhooks } = loadConfig(join(directory, 'c.yaml'), {})
    rmSync(directory, { recursive: true })
    expect(webhooks[0]).to.deep.include({
      secrets: [SECRET],
      format: 'standard',
      events: ['*'],
      timeoutMs: 20_000,
    })
  })

  const bad: readonly (readonly [text: string, problem: string])[] = [
    [
      'listen:\n  otlpHtp: 1',
      'c.yaml:2:3: listen.otlpHtp: expected a known key, got otlpHtp; did you mean otlpHttp?',
    ],
    [
      'listen: { api: 70000 }',
      'c.yaml:1:16: listen.api: expected a port of 0 to 65535 (0 takes a free one), got 70000',
    ],
    [
      'retention: 2 hours',
      'c.yaml:1:12: retention: expected a duration over 0, such as 500ms, 30s or 1h30m, got "2 hours"',
    ],
    [
      'fsync: sometimes',
      'c.yaml:1:8: fsync: expected one of always, interval, never, got "sometimes"',
    ],
    [
      'thresholds: { memory: { for: 5 } }',
      'c.yaml:1:30: thresholds.memory.for: expected a duration such as 500ms, 30s or 1h30m, got 5',
    ],
    ['rules: rules.yml', 'c.yaml:1:8: rules: expected a list, got "rules.yml"'],
    [
      'webhooks: [{ format: slack }]',
      'c.yaml:1:12: webhooks[0].url: expected an http:// or https:// address, got nothing',
    ],
    [
      'webhooks: [{ url: "https://x/" }]',
      'c.yaml:1:12: webhooks[0].secret: expected secret or secretFile, because format standard is signed, got nothing',
    ],
    [
      'webhooks: [{ url: "https://x/", events: [alert.fired] }]',
      'c.yaml:1:42: webhooks[0].events[0]: expected an event type or a pattern such as recommendation.* (types: alert.firing, alert.resolved, bottleneck.detected, bottleneck.resolved, recommendation.opened, recommendation.updated, recommendation.resolved, recommendation.reopened, report.ready, webhook.test), got "alert.fired"',
    ],
    [
      'auth: { tokensFile: none.txt }',
      'c.yaml:1:21: auth.tokensFile: cannot read none.txt: ENOENT',
    ],
    [
      'dataDir: ${HOME_OF}',
      'c.yaml:1:10: dataDir: expected the environment variable HOME_OF to be set, got ${HOME_OF}',
    ],
    ['a: 1\na: 2', 'c.yaml:2:1: cannot read YAML: Map keys must be unique'],
    ['- 1', 'c.yaml:1:1: expected a map, got a list'],
  ]
  for (const [text, problem] of bad) {
    it(`says: ${problem.slice(0, 100)}`, () => {
      expect(problemsOf(text).map((each) => each.slice(0, problem.length))).to.include(problem)
    })
  }

  it('names a secret by its variable and never by its value', () => {
    const problems = problemsOf('webhooks: [{ url: "https://x/", secret: "${S}" }]', {
      S: 'hunter2',
    })
    expect(problems.join())
      .to.include('got the value of ${S} (a text of 7 characters)')
      .and.not.include('hunter2')
  })

  it('masks secrets, tokens, headers and what of an address opens it', () => {
    const shown = JSON.stringify(
      maskConfig(
        parse(`
webhooks:
  - { url: "https://user:pass1@example.org/?key=pass2", secret: ${SECRET}, headers: { Authorization: pass3 } }
  - { url: "https://hooks.slack.com/services/pass4", format: slack }
  - { url: "https://events.pagerduty.com/v2/enqueue", format: pagerduty, routingKey: pass5 }
auth: { tokens: [pass6] }
profiles: [{ service: shop, url: "https://user:pass8@example.org/", token: pass9 }]
forward: { url: "https://otlp.example.org", headers: { x-key: pass7 } }
`),
      ),
    )
    expect(shown).to.not.match(/pass\d|whsec_/)
    expect(shown)
      .to.include('https://***@example.org/?***')
      .and.include('https://hooks.slack.com/***')
  })

  it('says which file cannot be read', () => {
    expect(() => loadConfig('/nowhere/c.yaml', {})).to.throw(
      'cannot read the config /nowhere/c.yaml: ENOENT',
    )
  })

  it('neither crashes nor hangs on 300 mutated files', () => {
    const random = seeded(3)
    const pick = (count: number) => Math.floor(random() * count)
    const pieces = [
      '${A}',
      '${',
      '"',
      "'",
      '- ',
      '\n',
      '  ',
      ': ',
      '&a ',
      '*a',
      '[',
      ']',
      '{',
      '}',
      '!!x ',
      '\u0000',
      '? ',
      '-1',
      'null',
    ]
    const good = `${printDefaults()}\nx: 1`
    for (let round = 0; round < 300; round++) {
      const at = pick(good.length)
      const text = good.slice(0, at) + pieces[pick(pieces.length)] + good.slice(at + pick(5))
      for (const problem of problemsOf(text)) expect(problem).to.match(/^c\.yaml:\d+:\d+: ./)
    }
  })
})

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { ChokepointError } from '../model/errors.ts'
import { printDefaults } from './defaults.ts'
import { type Environment, expandEnvironment } from './expand-env.ts'
import { CONFIG_SCHEMA, type Config } from './schema.ts'
import { schemaProblems } from './schema-problems.ts'
import { formatProblem, readYaml, type YamlProblem, type YamlSource } from './yaml-source.ts'

/** Reads a file as text; throws when it cannot. */
export type ReadTextFile = (path: string) => string

const readTextFile: ReadTextFile = (path) => readFileSync(path, 'utf8')

/**
 * The configuration of a file, or the defaults when there is none. Throws `CONFIG_INVALID` with every
 * problem of the file, one a line, each with its place.
 */
export function loadConfig(file: string | undefined, environment: Environment): Config {
  if (file === undefined) return parseConfig('', resolve('chokepoint.yaml'), environment)
  let text: string
  try {
    text = readTextFile(file)
  } catch (error) {
    throw invalid(`cannot read the config ${file}: ${(error as Error).message}`)
  }
  return parseConfig(text, file, environment)
}

/** The configuration of a text; `fileName` appears in messages, and paths are relative to its folder. */
export function parseConfig(
  text: string,
  fileName: string,
  environment: Environment,
  readFile: ReadTextFile = readTextFile,
): Config {
  const { source, problems } = readYaml(text, fileName)
  refuse(fileName, problems)
  const expanded = expandEnvironment(source, environment)
  refuse(fileName, expanded.problems)
  const written = plainValue(source)
  const parsed = CONFIG_SCHEMA.safeParse(
    laidOver(laidOver(parse(printDefaults()), clockDefaults(written)), written),
  )
  if (!parsed.success) {
    refuse(fileName, schemaProblems(source, CONFIG_SCHEMA, parsed.error, expanded.written))
    throw invalid(`cannot use ${fileName}: ${parsed.error.message}`)
  }
  return withFiles(parsed.data, source, readFile)
}

/** A recording may span any time; with the clock of the data it is kept whole unless the config says less. */
function clockDefaults(written: unknown): unknown {
  return isMapValue(written) && written.clock === 'data' ? { retention: '365d' } : undefined
}

/** A user's values over the defaults: maps key by key, lists and scalars whole. */
function laidOver(base: unknown, over: unknown): unknown {
  if (over === undefined) return base
  if (!isMapValue(base) || !isMapValue(over)) return over
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    result[key] = Object.hasOwn(base, key) ? laidOver(base[key], value) : value
  }
  return result
}

function isMapValue(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function plainValue(source: YamlSource): unknown {
  try {
    return source.document.toJS() ?? undefined
  } catch (error) {
    throw invalid(`${source.fileName}:1:1: cannot read YAML: ${(error as Error).message}`)
  }
}

/** Paths made absolute, secrets read from their files, and what only the whole can show checked. */
function withFiles(config: Config, source: YamlSource, readFile: ReadTextFile): Config {
  const directory = dirname(resolve(source.fileName))
  const absolute = (path: string) => resolve(directory, path)
  const problems: YamlProblem[] = []
  const linesOf = (path: string, key: readonly (string | number)[]): string[] => {
    try {
      return readFile(absolute(path))
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean)
    } catch (error) {
      problems.push(source.problemAt(key, `cannot read ${path}: ${(error as Error).message}`))
      return []
    }
  }
  const webhooks = config.webhooks.map((webhook, index) => {
    const key = ['webhooks', index]
    const fromFile = webhook.secretFile
    const secrets = [
      ...webhook.secrets,
      ...(fromFile === undefined ? [] : linesOf(fromFile, [...key, 'secretFile'])),
    ]
    if (webhook.format === 'standard' && secrets.length === 0 && fromFile === undefined) {
      problems.push(
        source.problemAt(
          [...key, 'secret'],
          'expected secret or secretFile, because format standard is signed, got nothing',
        ),
      )
    }
    if (webhook.format === 'pagerduty' && webhook.routingKey === undefined) {
      problems.push(
        source.problemAt(
          [...key, 'routingKey'],
          'expected the routing key of a PagerDuty service, got nothing',
        ),
      )
    }
    return { ...webhook, secrets }
  })
  const { auth } = config
  const tokens = [
    ...auth.tokens,
    ...(auth.tokensFile === null ? [] : linesOf(auth.tokensFile, ['auth', 'tokensFile'])),
  ]
  refuse(source.fileName, problems)
  return {
    ...config,
    dataDir: absolute(config.dataDir),
    rules: config.rules.map(absolute),
    detectors: config.detectors.map(absolute),
    reports: config.reports.map((report) => ({ ...report, dir: absolute(report.dir) })),
    webhooks,
    auth: {
      ...auth,
      tokens,
      tls: auth.tls && {
        cert: absolute(auth.tls.cert),
        key: absolute(auth.tls.key),
        clientCa: auth.tls.clientCa && absolute(auth.tls.clientCa),
      },
    },
  }
}

function refuse(fileName: string, problems: readonly YamlProblem[]): void {
  if (problems.length === 0) return
  throw invalid(problems.map((problem) => formatProblem(fileName, problem)).join('\n'))
}

function invalid(message: string): ChokepointError {
  return new ChokepointError('CONFIG_INVALID', message)
}

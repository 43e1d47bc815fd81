import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
/** What was built once stays here; removing the folder builds it anew. */
export const CACHE = join(here, '..', '..', '.cache', 'stack')
const BIN = join(CACHE, 'bin')

/** The Collector's builder; its version is that of the components in collector-builder.yaml. */
const BUILDER = 'go.opentelemetry.io/collector/cmd/builder@v0.158.0'
/** Keeps static, file and http discovery, and drops the SDKs of every cloud. */
const PROMETHEUS_TAGS = 'netgo,remove_all_sd,enable_dns_sd'
const PROMETHEUS = 'github.com/prometheus/prometheus/cmd/prometheus'
const PROMTOOL = 'github.com/prometheus/prometheus/cmd/promtool'
const DASHBOARD_LINTER = 'github.com/grafana/dashboard-linter'
/** The Collector's components, and beside the Collector those that it was built with. */
const MANIFEST = join(here, 'collector-builder.yaml')
const BUILT_MANIFEST = join(BIN, 'otelcol.yaml')

/** The real programs of the stack, by path. */
export interface Programs {
  readonly prometheus: string
  readonly promtool: string
  readonly collector: string
  readonly alertmanager: string
  readonly dashboardLinter: string
}

/** How a program is had: where it is when it is there, and what brings it when it is not. */
interface Source {
  readonly path: string
  readonly bring: () => void
  /** False when the one that is there is not the one that is wanted. */
  readonly isCurrent?: () => boolean
}

const SOURCES: Readonly<Record<keyof Programs, Source>> = {
  prometheus: { path: join(BIN, 'prometheus'), bring: buildPrometheus },
  promtool: { path: join(BIN, 'promtool'), bring: buildPrometheus },
  collector: { path: join(BIN, 'otelcol'), bring: buildCollector, isCurrent: hasComponents },
  alertmanager: { path: '/usr/bin/prometheus-alertmanager', bring: installAlertmanager },
  dashboardLinter: { path: join(BIN, 'dashboard-linter'), bring: buildDashboardLinter },
}

/** Brings what is not there yet. What cannot be had is absent, and `missing` says why. */
export function getPrograms(say: (line: string) => void): {
  readonly programs: Partial<Programs>
  readonly missing: readonly string[]
} {
  const programs: Partial<Record<keyof Programs, string>> = {}
  const missing: string[] = []
  for (const [name, { path, bring, isCurrent }] of Object.entries(SOURCES)) {
    try {
      if (!existsSync(path) || isCurrent?.() === false) {
        say(`bringing ${name}: the first time takes minutes`)
        bring()
      }
      programs[name as keyof Programs] = path
    } catch (error) {
      missing.push(`${name}: ${(error as Error).message.split('\n').slice(-3).join(' ')}`)
    }
  }
  return { programs, missing }
}

function buildPrometheus(): void {
  mkdirSync(BIN, { recursive: true })
  run('go', ['build', '-tags', PROMETHEUS_TAGS, '-o', `${BIN}/`, PROMETHEUS, PROMTOOL], {
    cwd: join(here, 'prometheus'),
  })
}

/**
 * The builder writes the sources and the module file; Go builds them. Not all modules that the builder
 * would download for other platforms are in every proxy, so its own download step may fail.
 */
function buildCollector(): void {
  mkdirSync(BIN, { recursive: true })
  const sources = join(CACHE, 'collector-source')
  rmSync(sources, { recursive: true, force: true })
  run('go', ['install', BUILDER], { env: { GOBIN: BIN } })
  try {
    run(join(BIN, 'builder'), ['--config', MANIFEST, '--skip-compilation'], { cwd: here })
  } catch (error) {
    if (!existsSync(join(sources, 'main.go'))) throw error
  }
  run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(BIN, 'otelcol'), '.'], {
    cwd: sources,
    env: { GOFLAGS: '-mod=mod' },
  })
  cpSync(MANIFEST, BUILT_MANIFEST)
}

/** True when the Collector was built with the components that are wanted now. */
function hasComponents(): boolean {
  const built = existsSync(BUILT_MANIFEST) ? readFileSync(BUILT_MANIFEST, 'utf8') : ''
  return built === readFileSync(MANIFEST, 'utf8')
}

function buildDashboardLinter(): void {
  mkdirSync(BIN, { recursive: true })
  const output = join(BIN, 'dashboard-linter')
  run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', output, DASHBOARD_LINTER], {
    cwd: join(here, 'dashboard-linter'),
  })
}

function installAlertmanager(): void {
  if (process.getuid?.() !== 0) throw new Error('needs the Debian package prometheus-alertmanager')
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', 'prometheus-alertmanager'])
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): void {
  execFileSync(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
}

import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { ChokepointError } from '../model/errors.ts'
import { CATALOG } from './catalog.ts'
import { conditionDetector } from './condition-detector.ts'
import { CONDITION_FILE, DETECTOR_TYPE } from './condition-schema.ts'
import type { DetectorRow } from './detector.ts'

const YAML = new Set(['.yaml', '.yml'])
const MODULES = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts'])

const MODULE = z.object({
  detectors: z.array(
    z.object({
      type: DETECTOR_TYPE,
      title: z.string().min(1),
      thresholds: z.record(
        z.string(),
        z.object({ value: z.number(), unit: z.string(), reason: z.string() }),
      ),
      confirmMs: z.number().nonnegative(),
      resolveMs: z.number().nonnegative(),
      detect: z.custom<DetectorRow['detect']>((value) => typeof value === 'function', {
        error: 'detect must be a function',
      }),
    }),
  ),
})

/**
 * The rows for the catalogue that a user's files bring: YAML files with PromQL conditions, and modules that
 * export `detectors`. A file that cannot be used, or a type that exists already, is an error that names it.
 */
export async function loadDetectors(paths: readonly string[]): Promise<readonly DetectorRow[]> {
  const rows: DetectorRow[] = []
  const taken = new Set(CATALOG.map(({ type }) => type))
  for (const path of paths) {
    for (const row of await loadFile(path)) {
      if (taken.has(row.type)) throw unusable(path, `the type ${row.type} exists already`)
      taken.add(row.type)
      rows.push(row)
    }
  }
  return rows
}

async function loadFile(path: string): Promise<readonly DetectorRow[]> {
  const extension = extname(path)
  if (YAML.has(extension)) {
    return check(path, CONDITION_FILE, await readYaml(path)).detectors.map(conditionDetector)
  }
  if (!MODULES.has(extension)) {
    throw unusable(path, `it is neither YAML (.yaml, .yml) nor a module (.js, .mjs, .cjs, .ts)`)
  }
  const loaded: unknown = await attempt(path, () => import(pathToFileURL(path).href))
  return check(path, MODULE, loaded).detectors
}

async function readYaml(path: string): Promise<unknown> {
  const text = await attempt(path, () => readFile(path, 'utf8'))
  return attempt(path, async () => parse(text) as unknown)
}

async function attempt<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error), error)
  }
}

function check<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined ? '' : issue.path.join('.')
  throw unusable(path, `${place === '' ? '' : `${place}: `}${issue?.message ?? 'not valid'}`)
}

function unusable(path: string, why: string, cause?: unknown): ChokepointError {
  return new ChokepointError('CONFIG_INVALID', `cannot use the detectors of ${path}: ${why}`, {
    cause,
  })
}

import { readFileSync } from 'node:fs'
import { parse } from '@chokepoint/promql'
import type { Environment } from './config/expand-env.ts'
import { parseConfig } from './config/load-config.ts'
import { ChokepointError } from './model/errors.ts'
import { loadRuleGroups } from './rule-groups.ts'
import { parseRuleFile } from './rules/rule-file.ts'

/** What a file is, and how many rules it brings: those of its thresholds and rule files, for a config. */
export interface CheckedFile {
  readonly kind: 'config' | 'rules'
  readonly rules: number
}

/**
 * Reads a config or a rule file as `serve` would, and uses nothing of it. Throws `CONFIG_INVALID` or
 * `RULES_INVALID` with every problem, one a line, each with its place.
 */
export function checkFile(file: string, environment: Environment): CheckedFile {
  const text = readText(file)
  // A rule file has one key, `groups`, which no config has.
  const isRules = /^(['"]?)groups\1\s*:/m.test(text)
  const groups = isRules
    ? parseRuleFile(text, file, { parse })
    : loadRuleGroups(parseConfig(text, file, environment))
  return {
    kind: isRules ? 'rules' : 'config',
    rules: groups.reduce((sum, group) => sum + group.rules.length, 0),
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ChokepointError(
      'CONFIG_INVALID',
      `cannot read ${file}: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}

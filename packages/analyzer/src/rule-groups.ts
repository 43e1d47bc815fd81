import { globSync, readFileSync, statSync } from 'node:fs'
import { parse } from '@chokepoint/promql'
import type { Config } from './config/schema.ts'
import { alertPanelTemplate } from './findings/panel-link.ts'
import { ChokepointError } from './model/errors.ts'
import { parseRuleFile, type RuleGroup } from './rules/rule-file.ts'
import { thresholdRules } from './rules/threshold-rules.ts'

/** The rules in force: those of the config's thresholds, and those of its rule files. */
export function loadRuleGroups(config: Config): readonly RuleGroup[] {
  const groups = thresholdRules(config.thresholds).map((group) => withPanels(group, config))
  for (const path of ruleFiles(config)) {
    groups.push(...parseRuleFile(readFileSync(path, 'utf8'), path, { parse }))
  }
  const rules = groups.reduce((sum, group) => sum + group.rules.length, 0)
  if (rules > config.limits.rulesMax) {
    throw new ChokepointError(
      'RULES_INVALID',
      `cannot use ${rules} rules: ${config.limits.rulesMax} are the limit (limits.rulesMax)`,
    )
  }
  return groups
}

/** Threshold alerts link to the panel that shows their figure; rule files say for themselves. */
function withPanels(group: RuleGroup, { grafanaUrl }: Config): RuleGroup {
  if (grafanaUrl === null) return group
  const rules = group.rules.map((rule) => {
    const panel = rule.kind === 'alerting' && alertPanelTemplate(grafanaUrl, rule.name)
    return panel ? { ...rule, annotations: { ...rule.annotations, dashboard_url: panel } } : rule
  })
  return { ...group, rules }
}

/** The files that the patterns of the config match now, sorted, each once. */
function ruleFiles(config: Config): readonly string[] {
  return [...new Set(config.rules.flatMap((pattern) => globSync(pattern)))].sort()
}

/** Tells when a rule file came, went or changed since the last call, by name, size and time. */
export function createRuleFileWatch(config: Config): () => boolean {
  const fingerprint = () =>
    ruleFiles(config)
      .map((path) => {
        const { size, mtimeMs } = statSync(path)
        return `${path} ${size} ${mtimeMs}`
      })
      .join('\n')
  let last = fingerprint()
  return () => {
    const now = fingerprint()
    const changed = now !== last
    last = now
    return changed
  }
}

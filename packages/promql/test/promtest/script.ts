import { LabelSet, METRIC_NAME } from '@chokepoint/promql'
import { parseNumber } from '../../src/parse/number.ts'
import { unquote } from '../../src/parse/unquote.ts'
import { parseSequence, type SequenceValue } from './values.ts'

/** A series with the values that it is loaded with or expected to have. */
export interface ScriptSeries {
  readonly labels: LabelSet
  readonly values: readonly SequenceValue[]
  /** Start times as offsets from each sample, in milliseconds. */
  readonly startOffsets: readonly (number | undefined)[] | undefined
}

/** An expected annotation or error text. */
export type Expected =
  | { readonly kind: 'any' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'regex'; readonly regex: RegExp }

export interface LoadCommand {
  readonly kind: 'load'
  readonly line: number
  readonly stepMs: number
  readonly withNhcb: boolean
  readonly series: readonly ScriptSeries[]
}

export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly expr: string
  /** Undefined for instant evaluations. */
  readonly stepMs: number | undefined
  readonly startMs: number
  readonly endMs: number
  /** An instant query over a range expression: it gives a matrix of these steps. */
  readonly rangeVector: { startMs: number; endMs: number; stepMs: number } | undefined
  readonly ordered: boolean
  readonly fail: Expected | undefined
  readonly warnings: readonly Expected[]
  readonly infos: readonly Expected[]
  readonly noWarnings: boolean
  readonly noInfos: boolean
  readonly scalar: number | undefined
  readonly text: string | undefined
  readonly series: readonly ScriptSeries[]
}

export type Command = { readonly kind: 'clear' } | LoadCommand | EvalCommand

/** Reads a script of `load`, `eval` and `clear`: https://github.com/prometheus/prometheus/tree/main/promql/promqltest */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let at = 0; at < lines.length; at++) {
    const head = lines[at]!
    if (head === '') continue
    const line = at + 1
    const body: string[] = []
    if (head !== 'clear') while (lines[at + 1]) body.push(lines[++at]!)
    try {
      commands.push(parseCommand(head, body, line))
    } catch (error) {
      throw new SyntaxError(`line ${line}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return commands
}

function parseCommand(head: string, body: readonly string[], line: number): Command {
  if (head.toLowerCase() === 'clear') return { kind: 'clear' }
  const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(head)
  if (load) return parseLoad(load, body, line)
  const instant = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/.exec(
    head,
  )
  if (instant) {
    const atMs = instant[2] === undefined ? 0 : parseMs(instant[2])
    return parseEval(instant[1], instant[3]!, { startMs: atMs, endMs: atMs }, body, line)
  }
  const range =
    /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/.exec(
      head,
    )
  if (range === null) throw new SyntaxError(`bad command ${JSON.stringify(head)}`)
  const [startMs, endMs, stepMs] = range.slice(2, 5).map(parseMs)
  const times = { startMs: startMs!, endMs: endMs!, stepMs: stepMs! }
  return parseEval(range[1], range[5]!, times, body, line)
}

function parseLoad(match: RegExpExecArray, body: readonly string[], line: number): LoadCommand {
  const series: ScriptSeries[] = []
  let startOffsets: (number | undefined)[] | undefined
  for (const text of body) {
    const { labels, rest } = parseMetric(text)
    if (/^\s*@st\s/.test(rest)) {
      startOffsets = parseStartOffsets(rest.replace('@st', ''))
      continue
    }
    series.push({ labels, values: parseSequence(rest), startOffsets })
    startOffsets = undefined
  }
  return {
    kind: 'load',
    line,
    stepMs: parseMs(match[2]!),
    withNhcb: match[1] !== undefined,
    series,
  }
}

function parseStartOffsets(text: string): (number | undefined)[] {
  const duration = String.raw`[+-]?\d+(?:ms|[smhdwy])?`
  const pattern = new RegExp(`^(?:_(?:x(\\d+))?|(${duration})(?:([+-]${duration})?x(\\d+))?)$`)
  return text
    .trim()
    .split(/\s+/)
    .flatMap((item) => {
      const match = pattern.exec(item)
      if (match === null) throw new SyntaxError(`bad start time ${JSON.stringify(item)}`)
      const [, blanks, first, increment, times] = match
      if (first === undefined) return Array<undefined>(Number(blanks ?? 1)).fill(undefined)
      const step = increment === undefined ? 0 : parseMs(increment)
      return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => parseMs(first) + i * step)
    })
}

interface EvalTimes {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs?: number
}

function parseEval(
  modifier: string | undefined,
  expr: string,
  times: EvalTimes,
  body: readonly string[],
  line: number,
): EvalCommand {
  const any: Expected = { kind: 'any' }
  const command = {
    kind: 'eval' as const,
    line,
    expr,
    stepMs: undefined as number | undefined,
    ...times,
    rangeVector: undefined as EvalCommand['rangeVector'],
    ordered: modifier === 'ordered',
    fail: modifier === 'fail' ? any : (undefined as Expected | undefined),
    warnings: modifier === 'warn' ? [any] : ([] as Expected[]),
    infos: modifier === 'info' ? [any] : ([] as Expected[]),
    noWarnings: false,
    noInfos: false,
    scalar: undefined as number | undefined,
    text: undefined as string | undefined,
    series: [] as ScriptSeries[],
  }
  for (const text of body) {
    const oldFail = /^expected_fail_(message|regexp)\s*(.*)$/.exec(text)
    const range = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(text)
    const expectation =
      /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(text)
    if (oldFail) {
      command.fail = toExpected(oldFail[1] === 'message' ? 'msg' : 'regex', oldFail[2]!)
    } else if (range) {
      const [startMs, endMs, stepMs] = range.slice(1).map(parseMs)
      command.rangeVector = { startMs: startMs!, endMs: endMs!, stepMs: stepMs! }
    } else if (text.startsWith('expect string ')) {
      command.text = unquote(text.slice('expect string '.length).trim()) ?? ''
    } else if (expectation) {
      const expected = toExpected(expectation[2], expectation[3])
      if (expectation[1] === 'ordered') command.ordered = true
      else if (expectation[1] === 'fail') command.fail = expected
      else if (expectation[1] === 'warn') command.warnings.push(expected)
      else if (expectation[1] === 'info') command.infos.push(expected)
      else if (expectation[1] === 'no_warn') command.noWarnings = true
      else command.noInfos = true
    } else if (/^expect\s/.test(text)) throw new SyntaxError(`bad expectation ${text}`)
    else {
      const number = parseNumber(text.replace(/^[+-]/, ''))
      if (number !== undefined && !number.duration) {
        command.scalar = text.startsWith('-') ? -number.value : number.value
        continue
      }
      const { labels, rest } = parseMetric(text)
      command.series.push({ labels, values: parseSequence(rest), startOffsets: undefined })
    }
  }
  return command
}

function toExpected(how: string | undefined, text: string | undefined): Expected {
  if (how === undefined || text === undefined) return { kind: 'any' }
  if (how === 'msg') return { kind: 'text', text: text.trim() }
  const flags = /^\(\?([ims]+)\)/.exec(text.trim())
  const source = flags === null ? text.trim() : text.trim().slice(flags[0].length)
  return { kind: 'regex', regex: new RegExp(source, flags?.[1] ?? '') }
}

/** Splits `name{label="value"} rest`. */
function parseMetric(text: string): { labels: LabelSet; rest: string } {
  const pairs: [string, string][] = []
  const name = /^[a-zA-Z_:][\w:]*/.exec(text)
  let at = name?.[0].length ?? 0
  if (name) pairs.push([METRIC_NAME, name[0]])
  if (text[at] !== '{' || text[at + 1] === '{') {
    return { labels: LabelSet.from(pairs), rest: text.slice(at) }
  }
  const pattern =
    /\s*,?\s*(?:(\})|([a-zA-Z_][\w:]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`))?)/y
  pattern.lastIndex = at + 1
  for (;;) {
    const match = pattern.exec(text)
    if (match === null) throw new SyntaxError(`bad labels in ${JSON.stringify(text)}`)
    at = pattern.lastIndex
    if (match[1] !== undefined) return { labels: LabelSet.from(pairs), rest: text.slice(at) }
    const label = /^["']/.test(match[2]!) ? unquote(match[2]!)! : match[2]!
    if (match[3] === undefined) pairs.push([METRIC_NAME, label])
    else pairs.push([label, unquote(match[3])!])
  }
}

/** Milliseconds of `5m`, `-1h`, or of a number of seconds. */
function parseMs(text: string): number {
  const parsed = parseNumber(text.replace(/^[+-]/, ''))
  if (parsed === undefined) throw new SyntaxError(`bad duration ${JSON.stringify(text)}`)
  return Math.round(parsed.value * 1000) * (text.startsWith('-') ? -1 : 1)
}

import { Command } from 'commander'
import { API_URL_DEFAULT, askAnalyzer } from '../api-client.ts'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { urlOption } from '../options.ts'

/** The part of Prometheus' query answer that is shown. */
interface QueryAnswer {
  readonly data: {
    readonly resultType: 'scalar' | 'string' | 'vector' | 'matrix'
    readonly result: unknown
  }
}

type Point = readonly [timeSeconds: number, value: string]

interface Row {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Point
  readonly values?: readonly Point[]
}

/** `query EXPR`: one PromQL expression, evaluated by a running analyzer. */
export const queryCommand: CommandMaker = ({ out }, done) =>
  new Command('query')
    .description('Evaluate PromQL on a running analyzer, at one instant.')
    .argument(
      '<expression>',
      'PromQL, such as: sum by (job) (rate(http_server_request_duration_seconds_count[1m]))',
    )
    .option('--url <url>', 'address of the analyzer', urlOption, API_URL_DEFAULT)
    .option('--time <time>', 'the instant, in RFC 3339 or Unix seconds (default: now)')
    .option('--json', "print the API's answer as it is")
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage'))
    .action(async (expression: string, options: { url: string; time?: string; json?: true }) => {
      const parameters = new URLSearchParams({
        query: expression,
        ...(options.time === undefined ? {} : { time: options.time }),
      })
      const text = await askAnalyzer(options.url, `/api/v1/query?${parameters}`)
      if (options.json) out.write(`${text.trimEnd()}\n`)
      else out.write(answerLines(JSON.parse(text) as QueryAnswer).join(''))
      done(EXIT_CODES.ok.code)
    })

/** The lines that promtool would print: `{labels} => value @[time]`. */
function answerLines({ data }: QueryAnswer): string[] {
  if (data.resultType === 'scalar' || data.resultType === 'string') {
    return [`${data.resultType}: ${pointText(data.result as Point)}\n`]
  }
  return (data.result as readonly Row[]).map(({ metric, value, values }) => {
    const points = values ?? (value === undefined ? [] : [value])
    return `${seriesText(metric)} => ${points.map(pointText).join('\n  ')}\n`
  })
}

function pointText([time, value]: Point): string {
  return `${value} @[${time}]`
}

function seriesText({ __name__: name = '', ...labels }: Row['metric']): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return `${name}{${pairs.join(', ')}}`
}

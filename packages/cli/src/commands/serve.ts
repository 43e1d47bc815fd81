import { once } from 'node:events'
import { loadConfig, startAnalyzer } from '@chokepoint/analyzer'
import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { keepGivingBack } from '../give-back.ts'
import { portOption } from '../options.ts'
import { shortenPauses } from '../short-pauses.ts'

interface Options {
  readonly config?: string
  readonly host?: string
  readonly port?: number
  readonly otlpHttpPort?: number
  readonly otlpGrpcPort?: number
  readonly dataDir?: string
}

/** `serve`: the analyzer as a service, until a signal ends it. */
export const serveCommand: CommandMaker = ({ err }, done) =>
  new Command('serve')
    .description(
      'Run the analyzer as a service until SIGTERM or SIGINT; SIGHUP reads the rules again.',
    )
    .option(
      '--config <file>',
      'configuration (default: none, check --print-defaults shows all keys)',
    )
    .option('--host <host>', 'address to listen on, instead of listen.host')
    .option('--port <port>', 'port of the API and the live page, instead of listen.api', portOption)
    .option('--otlp-http-port <port>', 'instead of listen.otlpHttp', portOption)
    .option('--otlp-grpc-port <port>', 'instead of listen.otlpGrpc', portOption)
    .option('--data-dir <folder>', 'where samples and state are kept, instead of dataDir')
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage'))
    .action(async (options: Options) => {
      const config = loadConfig(options.config, process.env)
      const { listen } = config
      shortenPauses()
      // Before anything is announced: a signal that comes during the start ends it cleanly too.
      const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
      const analyzer = await startAnalyzer(
        {
          ...config,
          dataDir: options.dataDir ?? config.dataDir,
          listen: {
            host: options.host ?? listen.host,
            api: options.port ?? listen.api,
            otlpHttp: options.otlpHttpPort ?? listen.otlpHttp,
            otlpGrpc: options.otlpGrpcPort ?? listen.otlpGrpc,
          },
        },
        {},
      )
      // As Prometheus does it: read the rules again, keep the old ones when the new ones are wrong.
      process.on('SIGHUP', analyzer.reloadRules)
      const { ports } = analyzer
      err.write(
        `chokepoint: live page and API ${analyzer.url}, OTLP/HTTP on port ${ports.otlpHttp}, ` +
          `OTLP/gRPC on port ${ports.otlpGrpc}\n`,
      )
      keepGivingBack()
      await told
      await analyzer.close()
      done(EXIT_CODES.ok.code)
    })

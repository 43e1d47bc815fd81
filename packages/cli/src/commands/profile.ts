import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { API_URL_DEFAULT, fetchAnalyzer } from '../api-client.ts'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'
import { secondsOption, urlOption } from '../options.ts'
import { fetchServiceProfile } from '../service-profile.ts'

interface Options {
  readonly kind: 'cpu' | 'heap'
  readonly seconds: number
  readonly out?: string
  readonly url: string
}

/** `profile SERVICE|URL`: a CPU or heap profile of a running service, as a pprof file. */
export const profileCommand: CommandMaker = ({ out, err }, done) =>
  new Command('profile')
    .description('Take a CPU or heap profile of a running service, as a pprof file.')
    .argument(
      '<service>',
      'a service that the profiles of the analyzer name, or the address of its port of /metrics',
    )
    .addOption(
      new Option('--kind <kind>', 'what to profile').choices(['cpu', 'heap']).default('cpu'),
    )
    .option('--seconds <number>', 'how long, 1 to 120', secondsOption, 10)
    .option('--out <file>', 'the file to write (default: SERVICE-KIND.pb.gz)')
    .option('--url <url>', 'address of the analyzer', urlOption, API_URL_DEFAULT)
    .addHelpText(
      'after',
      exitCodesHelp('ok', 'failed', 'usage') +
        '\nAn address is asked directly, with the token of CHOKEPOINT_PROFILE_TOKEN. The service must have been' +
        '\nstarted with that variable. Read the file with: go tool pprof -http : FILE\n',
    )
    .action(async (service: string, options: Options) => {
      const { kind, seconds, url } = options
      err.write(`chokepoint: a ${kind} profile of ${service} is taken for ${seconds} s\n`)
      const isAddress = /^https?:\/\//i.test(service)
      const profile = isAddress
        ? await fetchServiceProfile({ url: service, kind, seconds, environment: process.env })
        : await throughAnalyzer(url, { service, kind, seconds: String(seconds) }, seconds)
      const name = isAddress ? new URL(service).host : service
      const path = resolve(options.out ?? `${name.replaceAll(/[^\w.-]/g, '-')}-${kind}.pb.gz`)
      await writeFile(path, profile).catch((cause: Error) => {
        throw new CommandFailure(`cannot write the profile: ${cause.message}`, undefined, { cause })
      })
      out.write(`${path}\n`)
      done(EXIT_CODES.ok.code)
    })

/** The analyzer has it taken, keeps it, and gives it to us. */
async function throughAnalyzer(
  url: string,
  wanted: Readonly<Record<string, string>>,
  seconds: number,
): Promise<Uint8Array> {
  const taken = await fetchAnalyzer(url, `/api/v1/profiles/take?${new URLSearchParams(wanted)}`, {
    method: 'POST',
    extraMs: seconds * 1000,
  })
  const { data } = (await taken.json()) as { readonly data: { readonly id: string } }
  return (await fetchAnalyzer(url, `/api/v1/profiles/${data.id}`)).bytes()
}

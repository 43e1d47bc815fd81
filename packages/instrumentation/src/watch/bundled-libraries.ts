import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'

/**
 * Libraries that are prepared when they are loaded as files, and words of theirs that minifiers leave as they are.
 * What is seen through channels of Node or of the library itself (`http`, `fetch`, Fastify, GraphQL 17) is not here:
 * a bundle does not hide it.
 */
const MARKS: ReadonlyMap<string, string> = new Map([
  ['@aws-sdk', 'aws-sdk-js'],
  ['@grpc/grpc-js', 'grpc-node-js/'],
  ['@hapi/hapi', 'Cannot start server while it is in'],
  ['@nestjs/core', 'Nest application successfully started'],
  ['amqplib', 'Channel ended, no reply will be forthcoming'],
  ['bunyan', 'bunyan: '],
  ['express', 'express:application'],
  ['ioredis', 'ioredis:'],
  ['kafkajs', 'KafkaJSNonRetriableError'],
  ['knex', 'Knex: Timeout acquiring a connection'],
  ['koa', 'koa:application'],
  ['mongodb', 'MongoServerSelectionError'],
  ['mongoose', 'MongooseServerSelectionError'],
  ['mysql2', 'caching_sha2_password'],
  ['pg', 'Connection terminated unexpectedly'],
  ['pino', 'pino.asJson'],
  ['redis', 'node-redis'],
  ['socket.io', 'socket.io:server'],
  ['winston', '[winston] Attempt to write logs'],
])

/** What bundlers put around the modules they take in; each form is that of one bundler, minified or not. */
const BUNDLES: readonly RegExp[] = [
  // esbuild, and tools that are built on it
  /__commonJS(Min)?\s*=|=\{exports:\{\}\}\)\.exports,/,
  // webpack
  /__webpack_require__|=\{exports:\{\}\};return \w+\[\w+\](\.call)?\(/,
  // Rollup with its CommonJS plugin
  /getDefaultExportFromCjs|getAugmentedNamespace/,
]

/** A larger file is not looked into. */
const BYTES_MAX = 32 * 1024 * 1024

/** The known libraries that lie inside of a bundle, by name; none for a script that is no bundle. */
export function bundledLibraries(source: string): string[] {
  if (!BUNDLES.some((bundle) => bundle.test(source))) return []
  return [...MARKS].filter(([, mark]) => source.includes(mark)).map(([name]) => name)
}

/** One line for the person who runs a bundled app; undefined when nothing is hidden from us. */
export async function bundleWarning(mainScript: string | undefined): Promise<string | undefined> {
  if (mainScript === undefined) return undefined
  // A main script that cannot be read is none of our business: Node has run it.
  const size = await stat(mainScript).then(
    ({ size }) => size,
    () => 0,
  )
  if (size === 0 || size > BYTES_MAX) return undefined
  const libraries = bundledLibraries(await readFile(mainScript, 'utf8').catch(() => ''))
  if (libraries.length === 0) return undefined
  return (
    `${basename(mainScript)} is a bundle: ${libraries.join(', ')} inside it cannot be observed; ` +
    'HTTP, fetch and Fastify are. Leave these packages out of the bundle to observe them'
  )
}

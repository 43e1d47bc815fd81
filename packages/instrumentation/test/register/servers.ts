import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { programAt, type RunningServer, ServerProcess } from './server-process.ts'

const LIBRARIES = join(import.meta.dirname, '..', '..', '..', '..', '.cache', 'libraries')

/** A real server by name: starts it, or tells by `undefined` that this machine does not have it. */
export type StartServer = () => Promise<RunningServer | undefined>

/** The servers that libraries are tried against, and how each can be had. */
export const SERVERS: Readonly<
  Record<string, { readonly start: StartServer; readonly by: string }>
> = {
  redis: { start: startRedis, by: 'apt-get install redis-server' },
  mysql: { start: startMariaDb, by: 'apt-get install mariadb-server' },
  mongo: { start: startFerretDb, by: 'node tools/libraries/main.ts' },
  rabbit: { start: startRabbitMq, by: 'apt-get install rabbitmq-server' },
  kafka: { start: startKafka, by: 'node tools/libraries/main.ts' },
}

async function startRedis(): Promise<RunningServer | undefined> {
  const program = programAt('redis-server')
  if (program === undefined) return undefined
  const port = await freePort()
  const server = new ServerProcess()
  server.start(program, ['--port', String(port), '--save', '', '--bind', '127.0.0.1'])
  return server.ready(port)
}

async function startMariaDb(): Promise<RunningServer | undefined> {
  const program = programAt('mariadbd')
  const install = programAt('mariadb-install-db')
  if (program === undefined || install === undefined) return undefined
  const port = await freePort()
  const server = new ServerProcess()
  const data = join(server.folder, 'data')
  const root = ['--no-defaults', '--user=root', `--datadir=${data}`]
  server.run(install, [...root, '--auth-root-authentication-method=normal', '--skip-test-db'])
  server.start(program, [
    ...root,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(server.folder, 'socket')}`,
    // Everyone may do everything; `skip-networking` would follow from it.
    '--skip-grant-tables',
    '--skip-networking=0',
    '--innodb-flush-log-at-trx-commit=0',
  ])
  return server.ready(port)
}

/** FerretDB speaks MongoDB's protocol and keeps documents in SQLite; MongoDB itself is in no registry. */
async function startFerretDb(): Promise<RunningServer | undefined> {
  const program = programAt(join(LIBRARIES, 'ferretdb'))
  if (program === undefined) return undefined
  const port = await freePort()
  const server = new ServerProcess()
  server.start(program, [
    '--handler=sqlite',
    `--sqlite-url=file:${server.folder}/`,
    `--state-dir=${server.folder}`,
    `--listen-addr=127.0.0.1:${port}`,
    '--debug-addr=-',
    '--telemetry=disable',
  ])
  return server.ready(port)
}

async function startRabbitMq(): Promise<RunningServer | undefined> {
  // Debian's wrapper changes to another user, who could not read the folder.
  const program = programAt('/usr/lib/rabbitmq/bin/rabbitmq-server')
  const epmd = programAt('epmd')
  if (program === undefined || epmd === undefined) return undefined
  const [port, epmdPort, distributionPort] = [await freePort(), await freePort(), await freePort()]
  const server = new ServerProcess()
  const { folder } = server
  // Without one of our own it would start a daemon that stays.
  server.start(epmd, ['-port', String(epmdPort)])
  server.start(program, [], {
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `chokepoint${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  })
  return server.ready(port, /Server startup complete/)
}

/** One broker that is its own controller. */
async function startKafka(): Promise<RunningServer | undefined> {
  const java = programAt('java')
  const jars = join(LIBRARIES, 'kafka')
  if (java === undefined || !existsSync(jars) || readdirSync(jars).length === 0) return undefined
  const [port, controllerPort] = [await freePort(), await freePort()]
  const server = new ServerProcess()
  const file = join(server.folder, 'server.properties')
  writeFileSync(
    file,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(server.folder, 'logs')}`,
      'offsets.topic.num.partitions=1',
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
    ].join('\n'),
  )
  // The first compiler is enough for a test, and quicker to start.
  const jvm = ['-Xmx384m', '-XX:TieredStopAtLevel=1', '-cp', `${jars}/*`]
  const id = 'QWJjZGVmZ2hpamtsbW5vcA'
  server.run(java, [...jvm, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', file])
  server.start(java, [...jvm, 'kafka.Kafka', file])
  return server.ready(port)
}

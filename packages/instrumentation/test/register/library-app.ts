import { until } from '../../../../tools/testing/until.ts'
import { AppProcess, type Ended } from './app-process.ts'
import { OtlpReceiver, type ReceivedPoint, type ReceivedSpan } from './otlp-receiver.ts'

/** How an app loads its libraries. */
export type ModuleSystem = 'cjs' | 'mjs'

/** What came of an app that used some libraries, once each request. */
export interface LibraryRun {
  readonly answers: ReadonlyMap<string, string>
  readonly facts: ReadonlySet<string>
  readonly spans: readonly ReceivedSpan[]
  readonly ended: Ended
}

/** Metrics that tell of calls, and how a point of each is written as a line. */
const FACTS: Readonly<Record<string, (attributes: ReceivedPoint['attributes']) => unknown[]>> = {
  'request.child.calls': (of) => ['call', of['call.kind'], of['call.target'], of['call.shape']],
  'db.client.operation.duration': (of) => [
    'db',
    of['db.system.name'],
    of['db.operation.name'],
    of['db.collection.name'],
    of['error.type'],
  ],
  'messaging.client.operation.duration': (of) => [
    'message',
    of['messaging.system'],
    of['messaging.operation.name'],
    of['messaging.destination.name'],
  ],
  'messaging.process.duration': (of) => [
    'processed',
    of['messaging.system'],
    of['messaging.destination.name'],
  ],
  'rpc.client.call.duration': (of) => [
    'rpc',
    of['rpc.system.name'],
    of['rpc.method'],
    of['rpc.status_code'],
    of['error.type'],
  ],
  'rpc.server.call.duration': (of) => [
    'served',
    of['rpc.system.name'],
    of['rpc.method'],
    of['rpc.status_code'],
    of['error.type'],
  ],
  'component.operation.duration': (of) => [
    'component',
    of['component.name'],
    of['operation.name'],
    of['error.type'],
  ],
}

/** Runs an app that uses these libraries, and asks it three times for each. */
export async function runLibraries(
  system: ModuleSystem,
  libraries: readonly string[],
  ports: Readonly<Record<string, number>>,
): Promise<LibraryRun> {
  const receiver = await OtlpReceiver.start()
  const app = new AppProcess(`library-app.${system}`, {
    preload: '--import',
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      // An export has as long as the interval to be answered; these servers keep a machine busy.
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      LIBRARIES: libraries.join(),
      PORTS: JSON.stringify(ports),
      TOPIC: `orders-${system}`,
    },
  })
  try {
    const url = await app.listening()
    const answers = new Map<string, string>()
    for (const library of [...libraries, 'loaded']) {
      for (let count = 0; count < 3; count++) {
        const answer = await fetch(`${url}/${library}`)
        answers.set(library, await answer.text())
        if (answer.status !== 200) throw new Error(`${library}: ${answers.get(library)}`)
      }
    }
    const asked = 3 * (libraries.length + 1)
    await until('the export of all requests', () => servedBy(receiver) === asked)
    app.child.kill('SIGTERM')
    const ended = await app.ended
    return { answers, facts: factsOf(receiver), spans: receiver.spans(), ended }
  } finally {
    app.child.kill('SIGKILL')
    receiver.stop()
  }
}

function servedBy(receiver: OtlpReceiver): number {
  const points = receiver.points('http.server.request.duration')
  return points.reduce((total, { count }) => total + count, 0)
}

/** One line for each point: `db redis GET: 3`. */
function factsOf(receiver: OtlpReceiver): Set<string> {
  return new Set(
    Object.entries(FACTS).flatMap(([metric, words]) =>
      receiver.points(metric).map(({ attributes, count }) => {
        const told = words(attributes).filter((word) => word !== undefined)
        return `${told.join(' ')}: ${count}`
      }),
    ),
  )
}

import { tracingChannel } from 'node:diagnostics_channel'
import type { Components, OpenOperation } from './components.ts'
import { type ErrorSink, guarded } from './guard.ts'
import type { RequestTracker } from './request-tracker.ts'

/** The parts of a document that tell what is asked (spec.graphql.org, Document). */
interface Definition {
  readonly kind: string
  readonly operation?: string
  readonly name?: { readonly value: string }
}

/** What `execute` takes in versions 14 to 17. */
interface ExecutionArguments {
  readonly document?: { readonly definitions?: readonly Definition[] }
  readonly operationName?: string | null
}

type Execute = (args: ExecutionArguments, ...more: unknown[]) => unknown

/** What GraphQL 17 publishes on `graphql:execute`. */
interface ExecuteMessage {
  readonly operationName?: string
  readonly operationType?: string
  readonly result?: unknown
  readonly error?: unknown
  [RUNNING]?: OpenOperation
}

/** What GraphQL's operations record into. */
export interface GraphqlParts {
  readonly tracker: RequestTracker
  readonly components: Components
  readonly report: ErrorSink
}

/** The component that operations are counted under. */
const COMPONENT = 'graphql'
const RUNNING = Symbol('chokepoint.running')

/**
 * Prepares `graphql` before version 17: each operation is an operation of the component `graphql`, by its name, and
 * a span inside its request, since all of them share one HTTP route.
 */
export function prepareGraphql(exported: unknown, parts: GraphqlParts): unknown {
  const module = exported as { execute?: Execute; executeRootSelectionSet?: unknown }
  const { execute } = module
  // Version 17, which has the second, tells of its operations itself.
  if (typeof execute !== 'function' || module.executeRootSelectionSet !== undefined)
    return undefined
  const { components, tracker, report } = parts
  const component = components.get(COMPONENT)
  const chokepointExecute: Execute = function chokepointExecute(this: unknown, ...args) {
    let running: OpenOperation
    try {
      running = component.open(operationOf(argumentsOf(args)))
    } catch (error) {
      report(error)
      return execute.apply(this, args)
    }
    const work = (): unknown => execute.apply(this, args)
    return ended(running, () =>
      running.context === undefined ? work() : tracker.store.run(running.context, work),
    )
  }
  // An ES module's exports cannot be set: what lies around it takes the copy.
  if ((exported as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Module') {
    return { ...module, execute: chokepointExecute }
  }
  module.execute = chokepointExecute
  return undefined
}

/** Watches GraphQL 17, which tells of its operations on a channel, as CommonJS and as ES module. */
export function watchGraphql({ tracker, components, report }: GraphqlParts): void {
  const component = components.get(COMPONENT)
  const channel = tracingChannel<unknown, ExecuteMessage>('graphql:execute')
  const end = (message: ExecuteMessage): void => {
    const error = message.error ?? failureOf(message.result)
    message[RUNNING]?.end(error === undefined ? undefined : { error })
  }
  // Called before the subscribers of `start`, so the operation begins here.
  channel.start.bindStore(tracker.store, (message) => {
    try {
      const { operationType = 'query', operationName } = message
      const name = operationName === undefined ? operationType : `${operationType} ${operationName}`
      message[RUNNING] = component.open(name)
      return message[RUNNING].context ?? tracker.store.getStore()!
    } catch (error) {
      report(error)
      return tracker.store.getStore()!
    }
  })
  channel.subscribe({
    start() {},
    // Of an operation that goes on asynchronously there is no result yet.
    end: guarded(report, (message) => {
      if ('result' in message || 'error' in message) end(message)
    }),
    asyncStart() {},
    asyncEnd: guarded(report, end),
    error() {},
  })
}

/** The result of the work, at whose end the operation ends. */
function ended(running: OpenOperation, work: () => unknown): unknown {
  const end = (error: unknown): void => running.end(error === undefined ? undefined : { error })
  try {
    const result = work()
    if (!(result instanceof Promise)) {
      end(failureOf(result))
      return result
    }
    return result.then(
      (value) => {
        end(failureOf(value))
        return value
      },
      (error) => {
        end(error ?? true)
        throw error
      },
    )
  } catch (error) {
    end(error ?? true)
    throw error
  }
}

/** Version 15 and older also take the arguments one by one. */
function argumentsOf(args: readonly unknown[]): ExecutionArguments {
  if (args.length < 2) return args[0] as ExecutionArguments
  return {
    document: args[1] as NonNullable<ExecutionArguments['document']>,
    operationName: args[5] as string | null,
  }
}

/** `query Cart`; one without a name is `query`. */
function operationOf({ document, operationName }: ExecutionArguments): string {
  const operations = (document?.definitions ?? []).filter(
    ({ kind }) => kind === 'OperationDefinition',
  )
  const chosen =
    operationName === undefined || operationName === null
      ? operations[0]
      : operations.find(({ name }) => name?.value === operationName)
  const type = chosen?.operation ?? 'query'
  const name = chosen?.name?.value
  return name === undefined ? type : `${type} ${name}`
}

/** GraphQL answers with its errors instead of throwing them. */
function failureOf(result: unknown): unknown {
  const { errors } = (result ?? {}) as { errors?: readonly { originalError?: unknown }[] }
  const [first] = errors ?? []
  return first === undefined ? undefined : (first.originalError ?? first)
}

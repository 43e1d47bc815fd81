/** "It SHOULD support nonnegative values between 0 and 2³¹ − 1 (inclusive)", and timers take no longer ones. */
export const INTEGER_MAX = 2 ** 31 - 1

/** Receives each warning as one line without a line break. */
export type WarningSink = (line: string) => void

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Bounds of a numeric variable; a value outside them counts as wrong. */
export interface NumberBounds {
  readonly min: number
  readonly max: number
  readonly integer?: boolean
}

/**
 * Reads typed values out of environment variables. A wrong value is told in one line and its
 * default is used, so that a typing error in a deployment never stops the app.
 */
export class EnvironmentReader {
  readonly #environment: Environment
  readonly #warn: WarningSink
  readonly #told = new Set<string>()

  constructor(environment: Environment, warn: WarningSink) {
    this.#environment = environment
    this.#warn = warn
  }

  /**
   * The value of a variable without surrounding blanks, or undefined when unset.
   *
   * "The SDK MUST interpret an empty value of an environment variable the same way as when the
   * variable is unset." (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables)
   */
  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim()
    return value === '' ? undefined : value
  }

  /**
   * "Any value that represents a Boolean MUST be set to true only by the case-insensitive string
   * "true" [...]. Any value not explicitly defined here as a true value, including unset and empty
   * values, MUST be interpreted as false." Ours that are on by default are off by "false" only.
   */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.text(name)?.toLowerCase()
    if (value === undefined) return fallback
    if (value === 'true') return true
    if (value !== 'false') this.reject(name, 'true or false', String(fallback))
    return value === 'false' ? false : fallback
  }

  number(name: string, fallback: number, bounds: NumberBounds): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = Number(text)
    const { min, max, integer = true } = bounds
    if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value
    const kind = integer ? 'a whole number' : 'a number'
    this.reject(name, `${kind} from ${min} to ${max}`, String(fallback))
    return fallback
  }

  /**
   * A timeout in milliseconds.
   *
   * "Implementations SHOULD interpret timeout zero values (i.e. `0` indicating 0 milliseconds) as indefinite. In
   * practice, implementations MAY treat indefinite as "a very long time" [...] (e.g. the maximum milliseconds
   * representable by a 32-bit integer)." (the same page)
   */
  timeout(name: string, fallback: number): number {
    return this.number(name, fallback, { min: 0, max: INTEGER_MAX }) || INTEGER_MAX
  }

  /** One of the choices, compared without regard to case. */
  choice<Choice extends string>(
    name: string,
    choices: readonly Choice[],
    fallback: Choice,
  ): Choice {
    const text = this.text(name)?.toLowerCase()
    if (text === undefined) return fallback
    const found = choices.find((choice) => choice === text)
    if (found === undefined) this.reject(name, `one of ${choices.join(', ')}`, fallback)
    return found ?? fallback
  }

  /** The parts of a comma-separated list, or undefined when unset. */
  list(name: string): readonly string[] | undefined {
    const parts = this.text(name)?.split(',') ?? []
    const values = parts.map((part) => part.trim()).filter((part) => part !== '')
    return values.length === 0 ? undefined : values
  }

  /**
   * Pairs of a variable like `key1=value1,key2=value2`, percent-decoded.
   *
   * "In case of any error, e.g. failure during the decoding process, the entire environment
   * variable value SHOULD be discarded and an error SHOULD be reported."
   * (opentelemetry.io/docs/specs/otel/resource/sdk)
   */
  pairs(name: string): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {}
    for (const part of this.list(name) ?? []) {
      const equals = part.indexOf('=')
      const key = decode(part.slice(0, equals).trim())
      const value = decode(part.slice(equals + 1).trim())
      if (equals < 1 || key === undefined || value === undefined) {
        this.reject(name, 'key1=value1,key2=value2 with percent-encoding', 'none of it')
        return {}
      }
      pairs[key] = value
    }
    return pairs
  }

  /** Tells that a value is wrong. The value itself is left out: it may be a secret. */
  reject(name: string, expected: string, used: string): void {
    const line = `${name} is wrong: expected ${expected}; used: ${used}`
    // The general variables are read once for each signal.
    if (this.#told.has(line)) return
    this.#told.add(line)
    this.#warn(line)
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

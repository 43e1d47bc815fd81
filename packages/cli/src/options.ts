import { InvalidArgumentError } from 'commander'

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of an option such as `90s`, `1m30s` or `500ms`. */
export function durationOption(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  const milliseconds = parts.reduce((sum, [, n, unit]) => sum + Number(n) * UNITS_MS[unit!]!, 0)
  if (parts.map(([part]) => part).join('') !== text || !(milliseconds > 0)) {
    throw new InvalidArgumentError('Expected a duration over 0 such as 30s, 1m30s or 500ms.')
  }
  return milliseconds
}

/** A port; 0 takes a free one. */
export function portOption(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('Expected a port of 0 to 65535 (0 takes a free one).')
  }
  return port
}

/** Seconds of a profile. */
export function secondsOption(text: string): number {
  const seconds = Number(text)
  if (!(seconds >= 1 && seconds <= 120)) throw new InvalidArgumentError('Expected 1 to 120.')
  return seconds
}

/** An address of an analyzer, without a slash at its end. */
export function urlOption(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError('Expected an http:// or https:// address.')
  }
  return text.replace(/\/+$/, '')
}

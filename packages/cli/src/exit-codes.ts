/** Every exit code of our own and what it means; `run` otherwise ends with the command's code. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'all went well; for run: the command ended with 0' },
  failed: { code: 1, meaning: 'it could not be done, a file is wrong, or a test failed' },
  usage: { code: 2, meaning: 'an option, an argument or the configuration cannot be used' },
  findings: { code: 3, meaning: '--fail-on is met: there is a finding of that severity' },
  notExecutable: { code: 126, meaning: 'run, doctor: the command is there but cannot be executed' },
  notFound: { code: 127, meaning: 'run, doctor: the command is not there' },
  signalBase: {
    code: 128,
    meaning: 'run, doctor: 128 plus the number of the signal that ended it',
  },
} as const

/** The end of the help text of a command: its exit codes. */
export function exitCodesHelp(...names: readonly (keyof typeof EXIT_CODES)[]): string {
  const rows = names.map((name) => {
    const { code, meaning } = EXIT_CODES[name]
    const shown = name === 'signalBase' ? '128+n' : String(code)
    return `  ${shown.padEnd(7)}${meaning}`
  })
  return `\nExit codes:\n${rows.join('\n')}\n`
}

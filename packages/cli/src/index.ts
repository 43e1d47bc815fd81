export { EXIT_CODES } from './exit-codes.ts'
export { runCli } from './program.ts'

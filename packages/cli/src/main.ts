#!/usr/bin/env node
import { becomeLean } from './lean-process.ts'

const args = process.argv.slice(2)
// Before anything else is loaded, which would be loaded twice.
if (args[0] === 'serve') becomeLean()
const { runCli } = await import('./program.ts')
process.exitCode = await runCli(args, { out: process.stdout, err: process.stderr })

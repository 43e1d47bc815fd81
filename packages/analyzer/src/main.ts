// The analyzer alone, configured by the file in CHOKEPOINT_CONFIG; `chokepoint serve` has options and help.
import { once } from 'node:events'
import { startAnalyzer } from './analyzer.ts'
import { loadConfig } from './config/load-config.ts'

// Before anything is announced: a signal that comes during the start ends it cleanly too.
const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
const analyzer = await startAnalyzer(loadConfig(process.env.CHOKEPOINT_CONFIG, process.env))
process.stderr.write(`chokepoint: live page and API ${analyzer.url}\n`)
await told
await analyzer.close()

// The analyzer alone, configured by the file in CHOKEPOINT_CONFIG; `chokepoint serve` has options and help.
import { once } from 'node:events'
import { startAnalyzer } from './analyzer.ts'
import { loadConfig } from './config/load-config.ts'

const analyzer = await startAnalyzer(loadConfig(process.env.CHOKEPOINT_CONFIG, process.env))
process.stderr.write(`chokepoint: live page and API ${analyzer.url}\n`)
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
await analyzer.close()

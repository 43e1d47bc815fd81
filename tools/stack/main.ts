// Brings the real programs that `npm run test:stack` needs. What cannot be had is said plainly, and is a
// failure unless --allow-missing: then the tests that need it are skipped, by name.
import { getPrograms } from './programs.ts'

const { missing } = getPrograms((line) => console.log(line))
for (const line of missing) console.error(`missing ${line}`)
process.exitCode = missing.length > 0 && !process.argv.includes('--allow-missing') ? 1 : 0

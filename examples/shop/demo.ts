// What `npm start` runs after the build: the shop with three faults on, under load for about a minute, watched
// by `chokepoint run`. The diagnosis at the end must name those three and no other.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const FAULTS = 'block-loop,n-plus-one,slow-payment'
const SECONDS = '50'
const REPORT = 'chokepoint-report.html'

const cli = fileURLToPath(new URL('./main.js', import.meta.resolve('chokepoint')))
const start = fileURLToPath(new URL('./start.ts', import.meta.url))

console.error(`The shop is started with the faults ${FAULTS} for ${SECONDS} seconds.`)
const { status, error } = spawnSync(
  process.execPath,
  [cli, 'run', '--report', REPORT, '--', process.execPath, start, '--seconds', SECONDS],
  { stdio: 'inherit', env: { ...process.env, SHOP_FAULTS: FAULTS } },
)
if (error !== undefined) console.error(`cannot run ${cli}: ${error.message}`)
process.exitCode = status ?? 1

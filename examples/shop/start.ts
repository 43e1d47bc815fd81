// Starts the whole shop, each part as a process of its own, sends it customers for a set time, and ends.
//   node examples/shop/start.ts [--seconds 50] [--rate 20] [--seed 1]
// SHOP_FAULTS names the faults to start with (faults.ts lists them), separated by commas; DATABASE_URL
// names a PostgreSQL server to use instead of the one that comes with the shop.
import { parseArgs } from 'node:util'
import { FAULTS, unknownFaults } from './faults.ts'
import { Shop } from './shop.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '50' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})

const wrong = unknownFaults(process.env.SHOP_FAULTS ?? '')
if (wrong.length > 0) {
  const known = FAULTS.map((fault) => fault.name).join(', ')
  console.error(`cannot start the shop: SHOP_FAULTS names ${wrong.join(', ')}; there are: ${known}`)
  process.exit(2)
}

const shop = new Shop()
process.on('SIGTERM', () => shop.stop())
process.on('SIGINT', () => shop.stop())
try {
  await shop.open()
  await shop.serveCustomers([
    '--seconds',
    values.seconds,
    '--rate',
    values.rate,
    '--seed',
    values.seed,
  ])
} catch (error) {
  if (!shop.stopping) {
    console.error(`the shop failed: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
await shop.stop()

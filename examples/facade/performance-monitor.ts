// The facade with an analyzer in the same process: record what the app does, then ask what holds it back.
import { setTimeout as delay } from 'node:timers/promises'
import { PerformanceMonitor } from '@chokepoint/instrumentation'

const monitor = new PerformanceMonitor()
await monitor.start()
for (let n = 0; n < 100; n++) {
  monitor.recordOperation('cart', 'price', 20 + (n % 10), n % 50 !== 0)
  await delay(50)
}
console.log((await monitor.getPerformanceSnapshot()).components)
console.log(await monitor.identifyBottlenecks(), await monitor.getOptimizationRecommendations())
console.log((await monitor.exportPerformanceReport('csv')).split('\n').length, 'lines of report')
await monitor.stop()

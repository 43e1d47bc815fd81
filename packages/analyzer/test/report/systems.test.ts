import { expect } from 'chai'
import type { QueryFunc } from '../../src/model/query.ts'
import { readSystems } from '../../src/report/systems.ts'

const labels = { job: 'api', instance: 'i1' }

describe('readSystems', () => {
  it('joins what one process says about itself and leaves out what it does not say', () => {
    const query: QueryFunc = (expression) => {
      if (expression.includes('process_cpu_utilization_ratio')) return [{ labels, value: 0.5 }]
      if (expression.includes('eventloop_delay_p99')) return [{ labels, value: 0.02 }]
      return []
    }
    expect(readSystems(query, 0)).to.deep.equal([
      {
        resource: { 'service.name': 'api', 'service.instance.id': 'i1' },
        processCpuUtilization: 0.5,
        eventLoopDelayP99Seconds: 0.02,
      },
    ])
  })

  it('prefers the newer spelling where a host has both', () => {
    const query: QueryFunc = (expression) => {
      if (expression.includes('system_memory_state="used"') && expression.includes('utilization')) {
        return [{ labels, value: 0.6 }]
      }
      if (expression.includes('{state="used"}') && expression.includes('utilization')) {
        return [
          { labels, value: 0.1 },
          { labels: { job: 'node', instance: 'i2' }, value: 0.3 },
        ]
      }
      return []
    }
    const used = readSystems(query, 0).map(({ memoryUtilization }) => memoryUtilization)
    expect(used).to.deep.equal([0.6, 0.3])
  })
})

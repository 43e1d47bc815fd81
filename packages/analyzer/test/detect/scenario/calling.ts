import type { CallModel } from './service.ts'
import { world } from './world.ts'

/** A service whose one route makes these calls. */
export const calling = (calls: readonly CallModel[], failing = 0) =>
  world({
    services: [
      { name: 'api', routes: [{ route: '/', perSecond: 10, seconds: 0.01, calls, failing }] },
    ],
    seconds: 60,
  })

/** An HTTP call of 80 ms. */
export const call = (target: string, rest: Partial<CallModel> = {}): CallModel => ({
  kind: 'http',
  target,
  seconds: 0.08,
  ...rest,
})

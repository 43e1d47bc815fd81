import type { Instruments } from './instruments.ts'
import type { ServiceModel } from './service.ts'

const REQUEST = 'http_server_request_duration_seconds'
const GET = { http_route: '/', http_request_method: 'GET', http_response_status_code: '200' }

/** A service that answers `perSecond(age)` requests in `seconds(age)` each. */
export function api(
  perSecond: (age: number) => number,
  seconds: (age: number) => number,
  rest: Partial<ServiceModel> = {},
): ServiceModel {
  return {
    name: 'api',
    also: (instruments: Instruments, age: number) => {
      for (let n = perSecond(age); n > 0; n--) instruments.observe(REQUEST, GET, seconds(age))
    },
    ...rest,
  }
}

/** Long enough for a baseline: what happens from second 2300 on is new. */
export const LONG = { seconds: 2700, exportSeconds: 15 }

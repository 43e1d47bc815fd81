/** placeholder replaced below */
export function OPENAPI(version: string): string {
  return JSON.stringify({ openapi: '3.1.0', info: { title: 'Chokepoint', version } })
}

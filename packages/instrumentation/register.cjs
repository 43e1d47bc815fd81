// For `node --require`. An old Node cannot require the ES module, so it is told here and the app runs untouched.
const [major, minor] = process.versions.node.split('.').map(Number)
if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true') {
  if (major > 22 || (major === 22 && minor >= 15)) {
    require('@chokepoint/instrumentation/start')
  } else {
    process.stderr.write(
      `[chokepoint] needs Node.js 22.15 or newer, this is ${process.versions.node}: the app runs without it\n`,
    )
  }
}

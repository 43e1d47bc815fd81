/**
 * `node:http`, and not by `import`: that reads every export of the module, and the one named `WebSocket` loads all of
 * undici, 40 ms of processor and 13 MB in each thread.
 */
export const http = process.getBuiltinModule('node:http')

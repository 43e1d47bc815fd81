// What a service does: a little work at a time, and now and then, when MODE says so, a block of so much processor time.
const { MODE = 'light', BLOCK_MS = '300' } = process.env

function countTo(end) {
  let count = 0
  while (count < end) count++
  return count
}

const usedMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function spin(ms) {
  const startMs = usedMs()
  while (usedMs() - startMs < ms) countTo(20_000)
}

function serveOneRequest() {
  spin(5)
}

function blockTheLoop() {
  spin(Number(BLOCK_MS))
}

setInterval(serveOneRequest, 50)
let kept = []
if (MODE === 'garbage') {
  setInterval(() => {
    for (let i = 0; i < 2e4; i++) kept.push({ i, text: `${i}` })
    if (kept.length > 1e6) kept = []
  }, 50)
}
let blocks = 0
if (MODE === 'block') {
  setInterval(() => {
    blockTheLoop()
    process.send({ blocks: ++blocks })
  }, 4000)
}

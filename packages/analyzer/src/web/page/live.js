// @ts-check
// Keeps the live page up to date: asks for the same HTML that a report has, and changes what changed.
import { drawCharts } from './charts.js'
import { morphChildren } from './morph.js'
import { localizeTimes } from './times.js'

const POLL_MS = 2000
/** After a failure the wait doubles up to this. */
const POLL_MAX_MS = 15_000

const content = /** @type {HTMLElement} */ (document.getElementById('content'))
const status = /** @type {HTMLElement} */ (document.getElementById('status'))
const access = /** @type {HTMLFormElement} */ (document.getElementById('access'))

/** What the reader gave to be let in; forgotten with the tab. */
function credentials() {
  const token = sessionStorage.getItem('token')
  const tenant = sessionStorage.getItem('tenant')
  return {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(tenant ? { 'x-scope-orgid': tenant } : {}),
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
async function ask(path, init = {}) {
  const response = await fetch(path, {
    signal: AbortSignal.timeout(10_000),
    ...init,
    headers: credentials(),
  })
  const body = await response.json().catch(() => ({}))
  if (response.ok) return body.data
  throw Object.assign(new Error(body.error ?? `HTTP ${response.status}`), {
    status: response.status,
  })
}

/**
 * @param {'live' | 'lost' | 'waiting'} state
 * @param {string} text
 */
function say(state, text) {
  if (status.dataset.state !== state) status.dataset.state = state
  if (status.textContent !== text) status.textContent = text
}

/** @param {{ html: string, charts: import('../../report/page/charts.js').Chart[] }} data */
function show(data) {
  const template = document.createElement('template')
  template.innerHTML = data.html
  localizeTimes(template.content)
  const wrapper = document.createElement('div')
  wrapper.append(template.content)
  morphChildren(content, wrapper)
  drawCharts(content, data.charts)
}

function askWho() {
  access.hidden = false
  say('waiting', 'Not signed in')
}

let failures = 0
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

async function refresh() {
  clearTimeout(timer)
  try {
    const data = await ask('/api/v1/live')
    failures = 0
    access.hidden = true
    show(data)
    say('live', 'Live')
  } catch (error) {
    failures++
    const code = /** @type {{ status?: number }} */ (error).status
    if (code === 401) {
      askWho()
      return
    }
    say('lost', 'Connection lost. Trying again')
  }
  const wait = Math.min(POLL_MAX_MS, POLL_MS * 2 ** Math.max(0, failures - 1))
  // A page that nobody looks at asks for nothing; it asks at once when it is looked at again.
  if (!document.hidden) timer = setTimeout(refresh, wait)
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh()
})

access.addEventListener('submit', (event) => {
  event.preventDefault()
  const form = new FormData(access)
  for (const name of ['token', 'tenant']) sessionStorage.setItem(name, String(form.get(name) ?? ''))
  refresh()
})

/** What a button asks for; nothing for one that only unfolds. */
function requestOf(/** @type {HTMLButtonElement} */ { dataset }) {
  const { recommendation, action, profile, service } = dataset
  if (action) {
    const path = `/api/v1/recommendations/${encodeURIComponent(recommendation ?? '')}/${action}`
    return { path, timeoutMs: 10_000 }
  }
  if (!profile) return undefined
  const parameters = new URLSearchParams({ service: service ?? '', kind: profile, seconds: '10' })
  return { path: `/api/v1/profiles/take?${parameters}`, timeoutMs: 40_000 }
}

content.addEventListener('click', async (event) => {
  const button = event.target
  if (!(button instanceof HTMLButtonElement)) return
  const request = requestOf(button)
  if (request === undefined) return
  button.disabled = true
  try {
    const signal = AbortSignal.timeout(request.timeoutMs)
    await ask(request.path, { method: 'POST', signal })
    await refresh()
  } catch (error) {
    say('lost', `Not done: ${error instanceof Error ? error.message : error}`)
  } finally {
    button.disabled = false
  }
})

// A link carries no headers: a reader who gave a token or a tenant gets the file by a request that has them.
document.addEventListener('click', async (event) => {
  const link = event.target
  if (!(link instanceof HTMLAnchorElement) || Object.keys(credentials()).length === 0) return
  if (link.dataset.report === undefined && link.dataset.file === undefined) return
  event.preventDefault()
  try {
    await save(link.pathname + link.search)
  } catch (error) {
    say('lost', `Not loaded: ${error instanceof Error ? error.message : error}`)
  }
})

/** @param {string} path */
async function save(path) {
  const response = await fetch(path, { headers: credentials() })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')
  const file = document.createElement('a')
  file.href = URL.createObjectURL(await response.blob())
  file.download = named?.[1] ?? (path.split('/').at(-1) || 'chokepoint')
  file.click()
  URL.revokeObjectURL(file.href)
}

localizeTimes(content)
drawCharts(content)
if (content.dataset.guarded === 'yes' && Object.keys(credentials()).length === 0) askWho()
else refresh()

import type { Labels } from '../../model/labels.ts'
import { html, type SafeHtml } from './safe-html.ts'

/** The service's name as people say it, with the instance left out. */
export function serviceName(resource: Labels): string {
  const name = resource['service.name'] ?? resource['host.name'] ?? 'unknown service'
  return resource['service.namespace'] ? `${resource['service.namespace']}/${name}` : name
}

/** `1 bottleneck`, `3 bottlenecks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** An instant; the page's script puts the reader's own time zone in its place. */
export function time(iso: string): SafeHtml {
  const shown = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
  return html`<time datetime="${iso}">${shown}</time>`
}

/** A length of time between two instants, in the largest unit that says enough. */
export function elapsed(fromIso: string, toIso: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(toIso) - Date.parse(fromIso)) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`
}

/** A word that is true to its colour: severity or state, readable without seeing the colour. */
export function badge(kind: string, text = kind): SafeHtml {
  return html`<span class="badge" data-kind="${kind}">${text}</span>`
}

/** A query that can be copied, to check a claim by hand. */
export function query(text: string): SafeHtml {
  return html`<code class="query" tabindex="0"><span>${text}</span></code>`
}

/** A link to a Grafana panel; none where the address is not known, or is only a path in a Grafana nobody named. */
export function panelLink(url: string | undefined, text: string): SafeHtml | false {
  if (url === undefined || !/^https?:\/\//.test(url)) return false
  return html`<a class="panel-link" href="${url}" target="_blank" rel="noopener noreferrer" data-testid="panel-link">${text}</a>`
}

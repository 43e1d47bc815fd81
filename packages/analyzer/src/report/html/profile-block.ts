import type { Bottleneck } from '../../model/bottleneck.ts'
import type { ProfileKind, ProfileState, StoredProfile } from '../../model/profile.ts'
import { formatValue } from '../page/values.js'
import { html, type SafeHtml } from './safe-html.ts'
import { time } from './words.ts'

/** What a profile can tell more of. */
const KINDS: Readonly<Record<string, ProfileKind>> = {
  'eventloop.blocked': 'cpu',
  'eventloop.sync_io': 'cpu',
  'cpu.saturated': 'cpu',
  'gc.pressure': 'heap',
  'memory.leak': 'heap',
  'memory.exhaustion': 'heap',
}

const SHOWN_MAX = 3

/** A button that has a profile taken where the service can be asked for one, and those that there are. */
export function profileBlock(one: Bottleneck, profiles: ProfileState): SafeHtml | false {
  const kind = KINDS[one.type]
  const service = one.resource['service.name']
  if (kind === undefined || service === undefined || !profiles.services.includes(service)) {
    return false
  }
  const isTaken = profiles.taking.some((each) => each.service === service && each.kind === kind)
  const stored = profiles.stored.filter((each) => each.service === service && each.kind === kind)
  return html`<div class="profiles" data-testid="profiles"><h4>Profiles</h4>
      <p class="buttons">${
        isTaken
          ? html`<span class="muted" role="status">A ${kind} profile is being taken</span>`
          : html`<button type="button" data-profile="${kind}" data-service="${service}">Take a ${kind} profile of 10 s</button>`
      }</p>
      ${stored.length > 0 && html`<ul>${stored.slice(0, SHOWN_MAX).map(link)}</ul>`}
    </div>`
}

function link({ id, kind, seconds, time: at, bytes }: StoredProfile): SafeHtml {
  return html`<li data-key="${id}"><a href="/api/v1/profiles/${id}" data-file>${kind}, ${seconds} s</a> <span class="muted">${time(at)}, ${formatValue(bytes, 'By')}, for <code>go tool pprof</code></span></li>`
}

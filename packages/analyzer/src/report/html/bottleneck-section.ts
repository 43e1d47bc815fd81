import type { Bottleneck, Evidence, ProfileFrame } from '../../model/bottleneck.ts'
import type { ProfileState } from '../../model/profile.ts'
import type { Recommendation } from '../../model/recommendation.ts'
import type { PerformanceReport } from '../../model/report.ts'
import { formatValue } from '../page/values.js'
import { profileBlock } from './profile-block.ts'
import { recommendationBlock } from './recommendation-block.ts'
import { html, type SafeHtml } from './safe-html.ts'
import { badge, elapsed, panelLink, query, serviceName } from './words.ts'

/** A profile's tail says nothing; the frames below these are many and small. */
const FRAMES_MAX = 8

/** What the live page has beyond the report. */
interface CardOptions {
  readonly actions: boolean
  readonly profiles?: ProfileState
}

/** Every bottleneck of the window, highest impact first, with its proof and what to do about it, card by card. */
export function* bottleneckTexts(
  report: PerformanceReport,
  options: CardOptions,
): Generator<string> {
  const known = new Map(report.bottlenecks.map((one) => [one.id, one]))
  const { recommendations } = report.snapshot
  const byId = new Map(recommendations.map((one) => [one.id, one]))
  const byBottleneck = Map.groupBy(recommendations, ({ bottleneck }) => bottleneck)
  yield html`<section class="bottlenecks" aria-labelledby="bottlenecks-title">
  <h2 id="bottlenecks-title">Bottlenecks <span class="muted">by impact</span></h2>
  `.text
  for (const one of report.bottlenecks) {
    const named = one.recommendations.flatMap((id) => byId.get(id) ?? [])
    const advice = new Set([...(byBottleneck.get(one.id) ?? []), ...named])
    yield card(one, known, [...advice], report.generatedAt, options).text
  }
  if (report.bottlenecks.length === 0) {
    yield html`<p class="empty">${
      report.snapshot.series === 0
        ? 'Bottlenecks show here once there is data.'
        : 'No bottleneck in this window. Each detector looked and found nothing over its threshold.'
    }</p>`.text
  }
  yield '\n</section>'
}

function card(
  one: Bottleneck,
  known: ReadonlyMap<string, Bottleneck>,
  recommendations: readonly Recommendation[],
  nowIso: string,
  { actions, profiles }: CardOptions,
): SafeHtml {
  const active = one.status === 'active'
  const since = active
    ? `for ${elapsed(one.since, nowIso)}`
    : `resolved after ${elapsed(one.since, one.resolvedAt ?? one.lastSeen)}`
  return html`<article class="card bottleneck" id="bottleneck-${one.id}" data-key="${one.id}" data-testid="bottleneck" data-type="${one.type}" data-severity="${one.severity}" data-status="${one.status}" aria-labelledby="bottleneck-${one.id}-title">
  <header>
    ${impactRing(one.impact.score)}
    <div class="headline">
      <p class="eyebrow">${badge(active ? one.severity : 'resolved')}<code>${one.type}</code><span class="muted">${since}</span></p>
      <h3 id="bottleneck-${one.id}-title">${one.summary}</h3>
      <p class="place"><strong>${serviceName(one.resource)}</strong>${
        one.component !== '' && html` <span aria-hidden="true">›</span> ${one.component}`
      }${one.operation !== '' && html` <span aria-hidden="true">›</span> ${one.operation}`} ${panelLink(one.dashboardUrl, 'See it in Grafana')}</p>
    </div>
  </header>
  <div class="columns">
    <div class="proof">
      ${one.evidence.length > 0 && evidenceList(one.evidence)}
      ${one.profile && one.profile.frames.length > 0 && profile(one.profile.frames)}
      ${profiles !== undefined && profileBlock(one, profiles)}
      ${relations(one, known)}
      <p class="formula"><strong>Impact ${Math.round(one.impact.score)}</strong>
        <code>${one.impact.formula}</code></p>
      <p class="muted small">Confidence ${formatValue(one.confidence, '1')}, share ${formatValue(one.impact.share, '1')}${
        one.impact.savingMs > 0 &&
        html`, about <strong>${formatValue(one.impact.savingMs / 1000, 's')}</strong> a request to win`
      }.</p>
    </div>
    <div class="advice">
      <h4>What to do</h4>
      ${
        recommendations.length > 0
          ? recommendations.map((each) =>
              recommendationBlock(each, { summary: one.summary, actions }),
            )
          : html`<p class="muted">No recommendation for this one.</p>`
      }
    </div>
  </div>
</article>`
}

/** The score as a ring. Drawn with SVG attributes, so that no inline style is needed. */
function impactRing(score: number): SafeHtml {
  const circumference = 2 * Math.PI * 20
  const filled = (Math.min(100, Math.max(0, score)) / 100) * circumference
  return html`<div class="impact" title="Impact ${Math.round(score)} of 100">
      <svg viewBox="0 0 48 48" aria-hidden="true"><circle class="track" cx="24" cy="24" r="20"/><circle class="fill" cx="24" cy="24" r="20" stroke-dasharray="${filled.toFixed(1)} ${circumference.toFixed(1)}" transform="rotate(-90 24 24)"/></svg>
      <span><span class="visually-hidden">Impact </span><span data-testid="impact">${Math.round(score)}</span></span>
    </div>`
}

function evidenceList(evidence: readonly Evidence[]): SafeHtml {
  return html`<h4>Evidence</h4>
      <ul class="evidence">${evidence.map(
        (one) => html`<li>
        <span class="what">${one.what}</span>
        <span class="value">${formatValue(one.value, one.unit)}</span>
        <span class="against">${one.threshold !== undefined && html`threshold ${formatValue(one.threshold, one.unit)}`}${
          one.threshold !== undefined && one.baseline !== undefined && ' · '
        }${one.baseline !== undefined && html`normally ${formatValue(one.baseline, one.unit)}`}</span>
        ${query(one.query)}
      </li>`,
      )}</ul>`
}

/** Frames come as a flat list of shares, so bars show them; a flame graph would need stacks. */
function profile(frames: readonly ProfileFrame[]): SafeHtml {
  return html`<h4>Where the thread was</h4>
      <ol class="frames" data-testid="profile">${frames.slice(0, FRAMES_MAX).map(
        (frame) => html`<li>
          <svg class="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1"><rect width="${(frame.share * 100).toFixed(1)}" height="1"/></svg>
          <code class="function">${frame.function || '(anonymous)'}</code>
          <span class="value">${formatValue(frame.share, '1')}</span>
          <span class="file">${frame.file}${frame.line > 0 && `:${frame.line}`}</span>
        </li>`,
      )}</ol>`
}

function relations(one: Bottleneck, known: ReadonlyMap<string, Bottleneck>): SafeHtml | false {
  const links = (ids: readonly string[]) =>
    ids
      .map((id) => known.get(id))
      .filter((other) => other !== undefined)
      .map((other) => html`<li><a href="#bottleneck-${other.id}">${other.summary}</a></li>`)
  const causes = links(one.causes)
  const symptoms = links(one.symptoms)
  if (causes.length + symptoms.length === 0) return false
  return html`<div class="relations">${
    causes.length > 0 && html`<h4>Explained by</h4><ul>${causes}</ul>`
  }${symptoms.length > 0 && html`<h4>Explains</h4><ul>${symptoms}</ul>`}</div>`
}

import type { Recommendation, RecommendationStatus } from '../../model/recommendation.ts'
import { formatValue } from '../page/values.js'
import { renderMarkdown } from './markdown.ts'
import { html, type SafeHtml } from './safe-html.ts'
import { badge } from './words.ts'

const TEXT_LENGTH_UNFOLDED = 900

/** What a person may do with a recommendation in each state; resolving is left to its own metric. */
const ACTIONS: Readonly<Record<RecommendationStatus, readonly (readonly [string, string])[]>> = {
  open: [
    ['acknowledge', 'Acknowledge'],
    ['ignore', 'Ignore'],
  ],
  acknowledged: [
    ['ignore', 'Ignore'],
    ['reopen', 'Reopen'],
  ],
  ignored: [['reopen', 'Reopen']],
  resolved: [],
}

export interface BlockOptions {
  /** The bottleneck's own sentence, which stands above: a text that begins with it would say it twice. */
  readonly summary: string
  /** True on the live page, which has buttons. */
  readonly actions: boolean
}

/** One recommendation: its state, its text, the measured effect, and its buttons. */
export function recommendationBlock(one: Recommendation, options: BlockOptions): SafeHtml {
  const buttons = options.actions ? ACTIONS[one.status] : []
  return html`<div class="recommendation" data-key="${one.id}" data-testid="recommendation" data-status="${one.status}">
      <h5>${one.title} ${one.status !== 'open' && badge(one.status)}${
        one.reopened > 0 && badge('reopened', `reopened ${one.reopened}×`)
      }</h5>
      ${advice(withoutSentence(one.text, options.summary))}
      ${one.effect && effect(one.effect)}
      ${
        buttons.length > 0 &&
        html`<p class="buttons">${buttons.map(
          ([action, label]) =>
            html`<button type="button" data-recommendation="${one.id}" data-action="${action}">${label}</button>`,
        )}</p>`
      }
    </div>`
}

function withoutSentence(text: string, sentence: string): string {
  return text.startsWith(sentence) ? text.slice(sentence.length).replace(/^\.?\s+/, '') : text
}

/** A text that is longer than its evidence beside it is folded; what is folded can still be searched. */
function advice(text: string): SafeHtml {
  const markdown = html`<div class="markdown">${renderMarkdown(text)}</div>`
  if (text.length <= TEXT_LENGTH_UNFOLDED) return markdown
  return html`<div class="fold"><details><summary>All of it</summary></details>${markdown}</div>`
}

function effect({ before, after, unit }: NonNullable<Recommendation['effect']>): SafeHtml {
  return html`<p class="effect">Measured: <strong>${formatValue(before, unit)}</strong> before,
        <strong>${formatValue(after, unit)}</strong> after.</p>`
}

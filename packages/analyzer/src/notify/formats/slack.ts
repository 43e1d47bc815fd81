import { describeEvent } from '../describe-event.ts'
import { type Format, linksOf } from './format.ts'

const SIGNS = { info: ':information_source:', warning: ':warning:', critical: ':rotating_light:' }

// Slack's limits: 150 characters in a header, 3000 in a section's text, 2000 in a field, 10 fields.
const HEADER_MAX = 150
const TEXT_MAX = 2900
const FIELDS_MAX = 10

/** A Slack incoming webhook: `text` for notifications, blocks for the channel. */
export const SLACK: Format = {
  contentType: 'application/json',
  write: (event, { externalUrl }) => {
    const { title, text, severity, phase, facts, dashboardUrl } = describeEvent(event)
    const links = linksOf(externalUrl, dashboardUrl).map((link) => `<${link.url}|${link.text}>`)
    const sign = phase === 'resolved' ? ':white_check_mark:' : SIGNS[severity]
    const heading = `${phase === 'resolved' ? 'Resolved: ' : ''}${title}`
    const fields = Object.entries(facts)
      .slice(0, FIELDS_MAX)
      .map(([name, value]) => ({
        type: 'mrkdwn',
        text: `*${escapeSlack(name)}*\n${escapeSlack(value).slice(0, 1900)}`,
      }))
    return JSON.stringify({
      text: `${sign} ${escapeSlack(heading)}`,
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: heading.slice(0, HEADER_MAX), emoji: false },
        },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: `${sign} ${toMrkdwn(text)}`.slice(0, TEXT_MAX) },
        },
        ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
        ...(links.length === 0
          ? []
          : [{ type: 'context', elements: [{ type: 'mrkdwn', text: links.join(' · ') }] }]),
      ],
    })
  },
}

/** Slack reads `&`, `<` and `>` as markup; the rest is text. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Markdown as Slack writes it: one star for bold, no headings. */
function toMrkdwn(markdown: string): string {
  return escapeSlack(markdown)
    .replace(/\*\*([^*\n]+)\*\*/g, '*$1*')
    .replace(/^#{1,6}\s+(.*)$/gm, '*$1*')
}

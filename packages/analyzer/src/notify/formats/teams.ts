import { describeEvent } from '../describe-event.ts'
import { type Format, linksOf } from './format.ts'

const COLORS = { info: 'accent', warning: 'warning', critical: 'attention' }

/** An Adaptive Card for a Teams workflow ("When a Teams webhook request is received"). */
export const TEAMS: Format = {
  contentType: 'application/json',
  write: (event, { externalUrl }) => {
    const { title, text, severity, phase, facts, dashboardUrl } = describeEvent(event)
    const links = linksOf(externalUrl, dashboardUrl)
    const resolved = phase === 'resolved'
    return JSON.stringify({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              {
                type: 'TextBlock',
                size: 'Medium',
                weight: 'Bolder',
                wrap: true,
                color: resolved ? 'good' : COLORS[severity],
                text: `${resolved ? 'Resolved: ' : ''}${title}`,
              },
              { type: 'TextBlock', wrap: true, text: text.slice(0, 4000) },
              {
                type: 'FactSet',
                facts: Object.entries(facts)
                  .slice(0, 20)
                  .map(([name, value]) => ({ title: name, value: value.slice(0, 500) })),
              },
            ],
            ...(links.length === 0
              ? {}
              : {
                  actions: links.map(({ url, text: title }) => ({
                    type: 'Action.OpenUrl',
                    title,
                    url,
                  })),
                }),
          },
        },
      ],
    })
  },
}

import type { WebhookFormat } from '../config/schema.ts'
import { ALERTMANAGER } from './formats/alertmanager.ts'
import { CLOUDEVENTS } from './formats/cloudevents.ts'
import type { Format } from './formats/format.ts'
import { PAGERDUTY } from './formats/pagerduty.ts'
import { SLACK } from './formats/slack.ts'
import { STANDARD } from './formats/standard.ts'
import { TEAMS } from './formats/teams.ts'

/** How each format of the configuration writes an event. */
export const FORMATS: Readonly<Record<WebhookFormat, Format>> = {
  standard: STANDARD,
  cloudevents: CLOUDEVENTS,
  alertmanager: ALERTMANAGER,
  slack: SLACK,
  teams: TEAMS,
  pagerduty: PAGERDUTY,
}

import { expect } from 'chai'
import { WEBHOOK_FORMATS, type WebhookFormat } from '../../src/config/schema.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import { FORMATS } from '../../src/notify/formats.ts'
import { alertFiring, alertResolved, recommendationOpened } from './events.ts'

const CONTEXT = {
  id: 'msg_1',
  externalUrl: 'https://chokepoint.example',
  endpoint: 'ops',
  routingKey: 'rk',
}
const AT = '2026-01-01T00:00:00.000Z'

function write(format: WebhookFormat, event: ChokepointEvent) {
  return JSON.parse(FORMATS[format].write(event, CONTEXT, event.data))
}

const EVENTS: readonly ChokepointEvent[] = [
  alertFiring('critical'),
  alertResolved(),
  recommendationOpened(),
  {
    type: 'report.ready',
    timestamp: AT,
    tenant: '',
    data: { format: 'html', file: 'r.html', generatedAt: AT },
  },
  { type: 'webhook.test', timestamp: AT, tenant: '', data: { message: 'hello' } },
]

describe('webhook formats', () => {
  for (const format of WEBHOOK_FORMATS) {
    it(`writes each kind of event as ${format}`, () => {
      for (const event of EVENTS) expect(write(format, event)).to.be.an('object')
    })
  }

  it('links to the panel of a finding wherever a person reads the message', () => {
    const dashboardUrl = 'https://grafana.example/d/chokepoint-service?viewPanel=9&var-job=shop'
    const { data, ...rest } = recommendationOpened()
    const event = { ...rest, data: { ...data, dashboardUrl } } as ChokepointEvent
    for (const format of WEBHOOK_FORMATS) {
      const body = JSON.stringify(write(format, event))
      expect(body, format).to.include(JSON.stringify(dashboardUrl).slice(1, -1))
    }
    const plain = JSON.stringify(write('slack', recommendationOpened()))
    expect(plain).to.include('Open Chokepoint').and.not.to.include('Grafana')
  })

  it('links an alert by its annotation, unless that is only a path', () => {
    const linked = (dashboard_url: string) =>
      JSON.stringify(write('slack', alertFiring('warning', { annotations: { dashboard_url } })))
    expect(linked('https://grafana.example/d/x')).to.include('See it in Grafana')
    expect(linked('/d/x')).not.to.include('See it in Grafana')
  })

  it('gives a CloudEvent the id of the webhook', () => {
    expect(write('cloudevents', alertFiring())).to.deep.equal({
      specversion: '1.0',
      id: 'msg_1',
      source: 'https://chokepoint.example',
      type: 'chokepoint.alert.firing',
      subject: 'a1b2c3d4e5f60718',
      time: AT,
      datacontenttype: 'application/json',
      data: alertFiring().data,
    })
  })

  it('writes an alert as Alertmanager does, with the keys of its version 4', () => {
    const body = write('alertmanager', alertFiring())
    expect(body).to.have.all.keys(
      'version',
      'groupKey',
      'truncatedAlerts',
      'status',
      'receiver',
      'groupLabels',
      'commonLabels',
      'commonAnnotations',
      'externalURL',
      'alerts',
    )
    expect(body).to.include({ version: '4', status: 'firing', receiver: 'ops' })
    expect(body.alerts[0]).to.include({
      status: 'firing',
      startsAt: AT,
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: 'a1b2c3d4e5f60718',
    })
    expect(write('alertmanager', alertResolved()).alerts[0]).to.include({
      status: 'resolved',
      endsAt: AT,
    })
    expect(write('alertmanager', recommendationOpened()).commonLabels).to.include({
      alertname: 'recommendation.opened',
      service: 'shop',
    })
  })

  it('escapes what Slack reads as markup, and writes bold as Slack does', () => {
    const body = write('slack', recommendationOpened())
    expect(body.text).to.equal(':warning: Load the reviews of all products at once')
    expect(body.blocks[1].text.text).to.include(
      '*What to change*\nUse *one* query where 40 are sent, for &lt;all&gt; products.',
    )
    expect(write('slack', alertResolved()).blocks[0].text.text).to.equal(
      'Resolved: web-1 is <busy>',
    )
  })

  it('sends Teams an adaptive card with a way back', () => {
    const [attachment] = write('teams', alertFiring('critical')).attachments
    expect(attachment.contentType).to.equal('application/vnd.microsoft.card.adaptive')
    expect(attachment.content.body[0]).to.include({ text: 'web-1 is <busy>', color: 'attention' })
    expect(attachment.content.actions[0]).to.include({ url: 'https://chokepoint.example' })
  })

  it('opens and closes one incident at PagerDuty', () => {
    const [trigger, resolve] = [alertFiring('critical'), alertResolved()].map((event) =>
      write('pagerduty', event),
    )
    expect(trigger).to.include({
      routing_key: 'rk',
      event_action: 'trigger',
      dedup_key: 'alert:a1b2c3d4e5f60718',
    })
    expect(trigger.payload).to.include({
      summary: 'web-1 is <busy>',
      severity: 'critical',
      source: 'web-1',
    })
    expect(resolve).to.include({ event_action: 'resolve', dedup_key: trigger.dedup_key })
  })
})

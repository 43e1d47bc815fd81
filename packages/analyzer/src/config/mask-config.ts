import type { Config, WebhookConfig } from './schema.ts'

const MASK = '***'

/** A config as it may be shown: secrets, tokens, header values and the secret parts of addresses masked. */
export function maskConfig(config: Config): Config {
  return {
    ...config,
    webhooks: config.webhooks.map(maskWebhook),
    alertmanagers: config.alertmanagers.map((alertmanager) => ({
      ...alertmanager,
      url: maskUserInfo(alertmanager.url),
      headers: maskValues(alertmanager.headers),
    })),
    forward: config.forward && {
      ...config.forward,
      url: maskUserInfo(config.forward.url),
      headers: maskValues(config.forward.headers),
    },
    profiles: config.profiles.map((target) => ({
      ...target,
      url: maskUserInfo(target.url),
      token: MASK,
    })),
    auth: { ...config.auth, tokens: config.auth.tokens.map(() => MASK) },
  }
}

/** One webhook as it may be shown, in the API and in logs. */
export function maskWebhook(webhook: WebhookConfig): WebhookConfig {
  return {
    ...webhook,
    url: maskWebhookUrl(webhook.url, webhook.format),
    secrets: webhook.secrets.map(() => MASK),
    headers: maskValues(webhook.headers),
    ...(webhook.routingKey === undefined ? {} : { routingKey: MASK }),
  }
}

/** An address without what opens it: user and password, and the path where a service's path is its key. */
export function maskWebhookUrl(url: string, format: WebhookConfig['format']): string {
  if (format !== 'slack' && format !== 'teams') return maskUserInfo(url)
  return `${new URL(maskUserInfo(url)).origin}/${MASK}`
}

function maskUserInfo(url: string): string {
  const { username, password, search } = new URL(url)
  let masked = url
  if (username !== '' || password !== '') masked = masked.replace(/\/\/[^/@]*@/, `//${MASK}@`)
  // Tokens also hide in query parameters, whatever their names are.
  return search === '' ? masked : masked.replace(/\?[^#]*/, `?${MASK}`)
}

function maskValues(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map((name) => [name, MASK]))
}

import { maskConfig } from './config/mask-config.ts'
import type { Config } from './config/schema.ts'
import type { Webhooks } from './notify/webhooks.ts'
import type { WebhookPort } from './web/ports.ts'

/** What the API may show and do of webhooks; secrets stay inside. */
export function createWebhookPort(config: Config, webhooks: Webhooks): WebhookPort {
  const masked = maskConfig(config).webhooks
  return {
    list: () => masked,
    deliveries: webhooks.deliveries,
    test: webhooks.test,
    redeliver: webhooks.redeliver,
  }
}

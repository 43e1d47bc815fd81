import { createHmac } from 'node:crypto'

/**
 * The `webhook-signature` of a message: one signature for each secret, so that a receiver that has the old
 * one or the new one accepts it while a secret is changed.
 *
 * Standard Webhooks 1.0: "the content to be signed is `{msg_id}.{timestamp}.{payload}`"; "each signature is
 * prefixed with a version and a comma", joined by spaces.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signMessage(
  secrets: readonly string[],
  id: string,
  timestampSeconds: number,
  body: string,
): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
      const content = `${id}.${timestampSeconds}.${body}`
      return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
    })
    .join(' ')
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from './config/schema.ts'
import { ChokepointError } from './model/errors.ts'
import type { TlsMaterial } from './model/tls.ts'

/**
 * Reads the files of `auth.tls`; undefined when it is not set. Throws CONFIG_INVALID with the path of a
 * file that is not there or not what it should be, so that no port opens without TLS by mistake.
 */
export function readTls(tls: Config['auth']['tls']): TlsMaterial | undefined {
  if (tls === null) return undefined
  const cert = readPem('cert', tls.cert, (pem) => new X509Certificate(pem))
  const key = readPem('key', tls.key, createPrivateKey)
  const clientCa =
    tls.clientCa === null
      ? undefined
      : readPem('clientCa', tls.clientCa, (pem) => new X509Certificate(pem))
  checkPair(tls, cert.parsed, key.parsed)
  const material = { cert: cert.pem, key: key.pem, clientCa: clientCa?.pem }
  try {
    createSecureContext({ cert: material.cert, key: material.key, ca: material.clientCa })
  } catch (error) {
    throw invalid(`auth.tls: cannot use ${tls.cert} with ${tls.key}`, error)
  }
  return material
}

function readPem<Parsed>(key: string, path: string, parse: (pem: Buffer) => Parsed) {
  let pem: Buffer
  try {
    pem = readFileSync(path)
  } catch (error) {
    throw invalid(`auth.tls.${key}: cannot read ${path}`, error)
  }
  try {
    return { pem, parsed: parse(pem) }
  } catch (error) {
    const what = key === 'key' ? 'private key' : 'certificate'
    throw invalid(`auth.tls.${key}: ${path} is no ${what} in PEM`, error)
  }
}

function checkPair(
  tls: { readonly cert: string; readonly key: string },
  cert: X509Certificate,
  key: KeyObject,
): void {
  if (cert.checkPrivateKey(key)) return
  throw new ChokepointError(
    'CONFIG_INVALID',
    `auth.tls.key: ${tls.key} is not the key of the certificate ${tls.cert}`,
  )
}

function invalid(what: string, cause: unknown): ChokepointError {
  return new ChokepointError('CONFIG_INVALID', `${what}: ${(cause as Error).message}`, { cause })
}

/** What a server needs to be spoken to over TLS, in PEM. */
export interface TlsMaterial {
  readonly cert: Buffer
  readonly key: Buffer
  /** Clients must show a certificate that one of these signed; undefined lets every client in. */
  readonly clientCa: Buffer | undefined
}

/** The same as `node:https` takes it. */
export function tlsServerOptions({ cert, key, clientCa }: TlsMaterial) {
  const mutual = clientCa !== undefined
  return {
    cert,
    key,
    ...(mutual && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  }
}

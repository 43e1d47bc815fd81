import type { ExecProtocolOptionsStream } from '@electric-sql/pglite'
import { PGlite } from '@electric-sql/pglite'

/**
 * A PGlite whose socket server may take several clients at once.
 *
 * The socket server queues single protocol messages and lets another client in between two of them,
 * unless the database says that it is in a transaction. But a query with parameters is a batch of
 * messages (Parse, Bind, Describe, Execute, Sync) over the unnamed statement, and PGlite has one session:
 * a second client's Parse in the middle of the batch replaces the statement. So an unfinished batch counts
 * as a transaction here.
 */
export class MultiplexedPGlite extends PGlite {
  #batchOpen = false

  override isInTransaction(): boolean {
    return this.#batchOpen || super.isInTransaction()
  }

  override async execProtocolRawStream(
    message: Uint8Array,
    options: ExecProtocolOptionsStream,
  ): Promise<void> {
    await super.execProtocolRawStream(message, options)
    this.#batchOpen = BATCH_MESSAGES.has(message[0])
  }
}

/** The first bytes of the messages of the extended query protocol that a Sync must still follow. */
const BATCH_MESSAGES: ReadonlySet<number | undefined> = new Set(
  [...'PBDECH'].map((type) => type.charCodeAt(0)),
)

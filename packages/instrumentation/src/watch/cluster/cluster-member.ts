import type { Server } from 'node:http'
import { http } from '../../shared/node-http.ts'
import type { ClusterFolder } from './cluster-folder.ts'
import { isAlive } from './cluster-folder.ts'
import { bury, type Gone, pack, type Snapshot, unpackGone, unpackSnapshot } from './snapshot.ts'

/** How long a member may take to answer; one that is stuck is told as it was last. */
const ANSWER_MAX_MS = 1_000
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** The whole cluster at one moment. The process that asks comes first. */
export interface ClusterState {
  readonly living: readonly [Snapshot, ...Snapshot[]]
  readonly gone: Gone
}

export interface ClusterMemberInput {
  readonly folder: ClusterFolder
  readonly worker: string
  /** The metrics of this process now. */
  readonly own: () => Promise<Snapshot>
  /** Told of a folder that cannot be written: the disk may be full. */
  readonly warn: (subject: string, detail: unknown) => void
}

/** One process of a cluster: it answers the others with its metrics, and asks them for theirs. */
export class ClusterMember {
  readonly name: string
  readonly #folder: ClusterFolder
  readonly #own: () => Promise<Snapshot>
  readonly #warn: (subject: string, detail: unknown) => void
  readonly #seen = new Map<string, Snapshot>()
  #server: Server | undefined
  /** True while this process answers on the port of `/metrics`. */
  serves = false

  constructor({ folder, worker, own, warn }: ClusterMemberInput) {
    this.#folder = folder
    this.#own = own
    this.#warn = warn
    this.name = `${worker}-${process.pid}`
  }

  /** Begins to answer the others. */
  async join(): Promise<void> {
    if (this.#server !== undefined) return
    this.#folder.create()
    const server = http.createServer((request, response) => {
      if (request.url === '/serves') response.end(String(this.serves))
      else {
        this.#own().then(
          (own) => response.end(pack(own)),
          () => response.destroy(),
        )
      }
    })
    server.unref()
    this.#server = server
    const path = this.#folder.socketOf(this.name)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    // A connection of a scrape that is under way does not keep the thread.
    server.on('connection', (socket) => socket.unref())
  }

  /** Whether there is somebody else. */
  get hasOthers(): boolean {
    return this.#folder.members().some((member) => member !== this.name)
  }

  /** Whether one of the others answers on the port of `/metrics`. */
  async otherServes(): Promise<boolean> {
    const others = this.#folder.members().filter((member) => member !== this.name)
    const answers = await Promise.all(
      others.map((member) => ask(this.#folder.socketOf(member), '/serves').catch(() => undefined)),
    )
    return answers.some((answer) => answer?.toString() === 'true')
  }

  /** Everybody's metrics now, and what those have counted that are gone. */
  async collect(): Promise<ClusterState> {
    const own = await this.#own()
    const others = this.#folder.members().filter((member) => member !== this.name)
    const asked = await Promise.all(others.map((member) => this.#collectOne(member)))
    // After the others: one that has left meanwhile is counted here, and then not as living.
    const gone = unpackGone(this.#folder.read('gone'))
    const living = asked.filter(
      (answer) => answer !== undefined && !gone.names.includes(answer.member),
    )
    if (this.#server !== undefined) this.#keep(`${this.name}.seen`, pack(own))
    return { living: [own, ...living.map((answer) => answer!.snapshot)], gone }
  }

  /** The end: what was counted here stays in the sums. */
  async leave(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    // First of all: closing removes the file that says that these counts are not in the sums yet.
    this.#bury(this.name, await this.#own())
    server.close()
  }

  async #collectOne(member: string): Promise<{ member: string; snapshot: Snapshot } | undefined> {
    try {
      const snapshot = unpackSnapshot(await ask(this.#folder.socketOf(member), '/'))
      this.#seen.set(member, snapshot)
      return { member, snapshot }
    } catch {
      const seen = this.#seen.get(member)
      const pid = Number(member.slice(member.lastIndexOf('-') + 1))
      if (isAlive(pid)) return seen === undefined ? undefined : { member, snapshot: seen }
      const file = this.#folder.read(`${member}.seen`)
      const last = seen ?? (file === undefined ? undefined : unpackSnapshot(file))
      if (!this.#bury(member, last) && last !== undefined) return { member, snapshot: last }
      this.#seen.delete(member)
      return undefined
    }
  }

  /** Adds the last counts of a member to those of the dead. False when they cannot be written: it stays among the living. */
  #bury(member: string, last: Snapshot | undefined): boolean {
    const folder = this.#folder
    let isDone = true
    if (!folder.members().includes(member)) return isDone
    folder.locked(() => {
      // Somebody else has seen to it, or the whole cluster is over.
      if (!folder.members().includes(member)) return
      if (last !== undefined) {
        isDone = this.#keep('gone', pack(bury(unpackGone(folder.read('gone')), member, last)))
        if (!isDone) return
      }
      folder.remove(`${member}.sock`)
      folder.remove(`${member}.seen`)
    })
    return isDone
  }

  /** A disk that is full must not end a scrape: what is there is told all the same. */
  #keep(file: string, content: Uint8Array): boolean {
    try {
      this.#folder.write(file, content)
      return true
    } catch (error) {
      this.#warn('what members of this cluster have counted cannot be kept', error)
      return false
    }
  }
}

/** Asks a member. Rejects when it does not answer. */
function ask(socketPath: string, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MAX_MS)
    const request = http.get({ socketPath, path, signal, agent: false }, async (answer) => {
      try {
        const chunks: Buffer[] = []
        let bytes = 0
        for await (const chunk of answer as AsyncIterable<Buffer>) {
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) throw new RangeError('a member answers without end')
          chunks.push(chunk)
        }
        resolve(Buffer.concat(chunks))
      } catch (error) {
        reject(error)
      }
    })
    request.on('error', reject)
  })
}

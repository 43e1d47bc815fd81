import { ChokepointError } from '../model/errors.ts'
import type { ProfileKind, ProfilePort, StoredProfile } from '../model/profile.ts'
import { type FetchProfile, fetchProfile, type ProfileTarget } from './fetch-profile.ts'
import { ProfileShelf, type ShelfEntry, type ShelfLimits } from './profile-shelf.ts'

export interface ProfilesOptions {
  /** Only these can be asked: an address never comes with a request. */
  readonly targets: readonly ProfileTarget[]
  readonly limits: ShelfLimits & { readonly profileBytesMax: number }
  /** Undefined keeps them in memory. */
  readonly folder: string | undefined
  readonly multitenancy: boolean
  /** Wall clock, in ms. */
  readonly clock: () => number
  readonly fetch?: FetchProfile
}

/** Profiles that somebody had taken from a service. */
export interface Profiles extends ProfilePort {
  /** Gives up those that are being taken. */
  readonly close: () => void
}

/** Takes profiles from the targets and keeps them. */
export function createProfiles(options: ProfilesOptions): Profiles {
  const { targets, limits, multitenancy, clock, fetch = fetchProfile } = options
  const shelf = new ProfileShelf(options.folder, limits)
  const taking = new Map<ProfileTarget, Set<ProfileKind>>()
  const closed = new AbortController()
  const owned = (tenant: string) => (one: { readonly tenant: string | null }) =>
    !multitenancy || one.tenant === tenant

  async function store(entry: ShelfEntry, profile: Uint8Array): Promise<StoredProfile> {
    try {
      await shelf.put(entry, profile)
    } catch (cause) {
      const why = (cause as Error).message
      throw new ChokepointError('STORAGE_FAILED', `cannot keep the profile: ${why}`, { cause })
    }
    return shown(entry)
  }

  return {
    state: (tenant) => ({
      services: targets.filter(owned(tenant)).map(({ service }) => service),
      taking: [...taking]
        .filter(([target]) => owned(tenant)(target))
        .flatMap(([{ service }, kinds]) => [...kinds].map((kind) => ({ service, kind }))),
      stored: shelf.entries.filter(owned(tenant)).map(shown).reverse(),
    }),
    take: async (tenant, service, kind, seconds) => {
      const target = targets.filter(owned(tenant)).find((one) => one.service === service)
      if (target === undefined) {
        const message = `no profile can be asked of "${service}": the configuration's profiles do not name it`
        throw new ChokepointError('NOT_FOUND', message)
      }
      const kinds = taking.get(target) ?? new Set()
      taking.set(target, kinds)
      if (kinds.has(kind)) {
        throw new ChokepointError('OVERLOADED', `a ${kind} profile of ${service} is being taken`)
      }
      kinds.add(kind)
      const time = new Date(clock()).toISOString()
      try {
        const bytesMax = limits.profileBytesMax
        const profile = await fetch({ target, kind, seconds, bytesMax, signal: closed.signal })
        const id = `${time.replaceAll(/[:.]/g, '-')}-${kind}-${targets.indexOf(target)}`
        const bytes = profile.length
        return await store({ id, tenant, service, kind, seconds, time, bytes }, profile)
      } catch (error) {
        if (error instanceof ChokepointError) throw error
        const message = `${service} gave no ${kind} profile: ${(error as Error).message}`
        throw new ChokepointError('PROFILE_FAILED', message, { cause: error })
      } finally {
        kinds.delete(kind)
      }
    },
    read: async (tenant, id) => {
      const entry = shelf.entries.filter(owned(tenant)).find((one) => one.id === id)
      if (entry === undefined) throw new ChokepointError('NOT_FOUND', `there is no profile ${id}`)
      return shelf.read(entry.id)
    },
    close: () => closed.abort(new Error('the analyzer stopped')),
  }
}

function shown({ tenant: _, ...profile }: ShelfEntry): StoredProfile {
  return profile
}

/** What a service can be asked to profile: where its processor's time goes, or what its memory holds. */
export type ProfileKind = 'cpu' | 'heap'

export const PROFILE_KINDS: readonly ProfileKind[] = ['cpu', 'heap']

/** A profile that a service gave, kept as a gzipped pprof file. */
export interface StoredProfile {
  readonly id: string
  readonly service: string
  readonly kind: ProfileKind
  readonly seconds: number
  /** When it was asked for, ISO 8601. */
  readonly time: string
  readonly bytes: number
}

/** What a tenant can see of profiles. */
export interface ProfileState {
  /** Services that can be asked. */
  readonly services: readonly string[]
  /** Those that are being taken. */
  readonly taking: readonly Pick<StoredProfile, 'service' | 'kind'>[]
  /** Newest first. */
  readonly stored: readonly StoredProfile[]
}

/** Profiles of a tenant's services. */
export interface ProfilePort {
  readonly state: (tenant: string) => ProfileState
  /** Throws `NOT_FOUND` for a service that is no target, `OVERLOADED` while one is taken, `PROFILE_FAILED`, `STORAGE_FAILED`. */
  readonly take: (
    tenant: string,
    service: string,
    kind: ProfileKind,
    seconds: number,
  ) => Promise<StoredProfile>
  /** The gzipped pprof file. Throws `NOT_FOUND`. */
  readonly read: (tenant: string, id: string) => Promise<Uint8Array>
}

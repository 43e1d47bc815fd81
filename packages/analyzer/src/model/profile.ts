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

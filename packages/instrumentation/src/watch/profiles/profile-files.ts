import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProfileKind } from './profile-taker.ts'

/** A folder keeps so many profiles, of all processes together; the oldest make room. */
export const PROFILES_MAX = 20

const PROFILE_NAME = /^chokepoint-[\d-]{10}T[\dZ.-]+-(cpu|heap)-\d+\.pb\.gz$/

/**
 * Writes a profile into a folder, readable for its owner only, and returns its path. A file has its name when it
 * is whole. Throws as the file system does: the disk is full, the folder is not ours to write.
 */
export async function writeProfile(
  directory: string,
  kind: ProfileKind,
  profile: Uint8Array,
  atMs: number,
): Promise<string> {
  await mkdir(directory, { recursive: true })
  // The time comes first, so that names are in order of time; a colon is no letter for Windows.
  const time = new Date(atMs).toISOString().replaceAll(':', '-')
  const path = join(directory, `chokepoint-${time}-${kind}-${process.pid}.pb.gz`)
  const part = `${path}.part`
  const file = await open(part, 'wx', 0o600)
  try {
    await file.writeFile(profile).finally(() => file.close())
    await rename(part, path)
  } catch (error) {
    // What is there of it is of no use; that the folder does not let us delete it is not the news.
    await unlink(part).catch(() => undefined)
    throw error
  }
  await dropOldest(directory)
  return path
}

async function dropOldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => PROFILE_NAME.test(name)).sort()
  for (const name of names.slice(0, Math.max(0, names.length - PROFILES_MAX))) {
    // Another process may have dropped it first.
    await unlink(join(directory, name)).catch(() => undefined)
  }
}

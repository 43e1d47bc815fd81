import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { piecesOf } from './model/text-pieces.ts'

/**
 * Puts a text in the place of a file, whole or not at all: a crash, even of the machine, leaves the old one or
 * the new one. What comes in is served between two pieces.
 */
export async function replaceFile(path: string, pieces: Iterable<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(`${path}.new`, 'w')
  try {
    for (const piece of pieces) await file.write(piece)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** Joins short texts to pieces, with others served after each. */
export async function gatherPieces(texts: Iterable<string>): Promise<readonly string[]> {
  const pieces: string[] = []
  for (const piece of piecesOf(texts)) {
    pieces.push(piece)
    await setImmediate()
  }
  return pieces
}

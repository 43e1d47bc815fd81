import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseText, type TextTemplate } from './text-template.ts'

/** The texts by bottleneck type. */
export type Texts = ReadonlyMap<string, TextTemplate>

/** The text for types that bring none of their own: those of a user's detectors. */
export const TEXT_BY_DEFAULT = 'default'

const FOLDER = join(import.meta.dirname, 'texts')

/** Reads every `<type>.md` of a folder; a text that cannot be used is an error that names it. */
export function readTexts(folder: string = FOLDER): Texts {
  const files = readdirSync(folder).filter((file) => file.endsWith('.md'))
  return new Map(
    files.map((file) => {
      const type = basename(file, '.md')
      return [type, parseText(file, readFileSync(join(folder, file), 'utf8'))] as const
    }),
  )
}

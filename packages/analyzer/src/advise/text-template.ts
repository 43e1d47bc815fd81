import type { Bottleneck } from '../model/bottleneck.ts'
import { ChokepointError } from '../model/errors.ts'
import { placeholderValue } from './text-values.ts'

/** A recommendation's words before a bottleneck's names and numbers are put in. */
export interface TextTemplate {
  readonly name: string
  readonly title: readonly TextPart[]
  readonly body: readonly TextPart[]
}

type TextPart =
  | { readonly kind: 'words'; readonly words: string }
  | { readonly kind: 'value'; readonly path: string }
  /** Its parts appear only when the value is there; those of an inverted one when it is not. */
  | Section

interface Section {
  readonly kind: 'section' | 'inverted'
  readonly path: string
  readonly parts: readonly TextPart[]
}

/** What may stand between `{{` and `}}`; text-values.ts gives each its value. */
const PATH =
  /^(summary|component|operation|service|instance|peer|database|sql|type|severity|frames|frame|evidence|impact\.(score|share|saving|formula)|evidence\.\d\.(what|value|threshold|baseline|query))$/

/** Reads a text: Markdown whose first line is the title. Every placeholder must be a known one. */
export function parseText(name: string, source: string): TextTemplate {
  const [, title, body] = /^# (.+)\n([\s\S]*)$/.exec(source) ?? []
  if (title === undefined || body === undefined) {
    throw unreadable(name, 'its first line is not a title (# …)')
  }
  const blank = /^\n*/.exec(body)?.[0].length ?? 0
  return {
    name,
    title: parseParts(name, title, 1),
    body: parseParts(name, body.trim(), 2 + blank),
  }
}

/** The title and the Markdown of a recommendation for this bottleneck. */
export function renderText(
  template: TextTemplate,
  bottleneck: Bottleneck,
): { readonly title: string; readonly text: string } {
  const render = (parts: readonly TextPart[]) => renderParts(template.name, parts, bottleneck)
  return { title: render(template.title), text: render(template.body).trimEnd() }
}

function parseParts(name: string, text: string, firstLine: number): readonly TextPart[] {
  const open: { kind: Section['kind']; path: string; parts: TextPart[] }[] = [
    { kind: 'section', path: '', parts: [] },
  ]
  let end = 0
  for (const match of text.matchAll(/\{\{\s*([#^/]?)\s*([^{}]*?)\s*\}\}\n?/g)) {
    const [whole, sign, path = ''] = match
    const line = firstLine + text.slice(0, match.index).split('\n').length - 1
    if (!PATH.test(path)) throw unreadable(name, `there is no placeholder {{${path}}}`, line)
    const { parts } = open.at(-1)!
    parts.push({ kind: 'words', words: text.slice(end, match.index) })
    // The line break after a section's mark belongs to the mark; after a value it is text.
    end = match.index + (sign === '' ? whole.trimEnd().length : whole.length)
    if (sign === '') parts.push({ kind: 'value', path })
    else if (sign === '#') open.push({ kind: 'section', path, parts: [] })
    else if (sign === '^') open.push({ kind: 'inverted', path, parts: [] })
    else {
      const section = open.pop()!
      if (open.length === 0 || section.path !== path) {
        throw unreadable(name, `{{/${path}}} closes a section that is not open`, line)
      }
      open.at(-1)!.parts.push(section)
    }
  }
  const { path, parts } = open.at(-1)!
  if (open.length > 1) throw unreadable(name, `the section {{#${path}}} is not closed`)
  return [...parts, { kind: 'words', words: text.slice(end) }]
}

function renderParts(name: string, parts: readonly TextPart[], bottleneck: Bottleneck): string {
  return parts
    .map((part) => {
      if (part.kind === 'words') return part.words
      const value = placeholderValue(bottleneck, part.path)
      if (part.kind !== 'value') {
        const shown = (value === undefined) === (part.kind === 'inverted')
        return shown ? renderParts(name, part.parts, bottleneck) : ''
      }
      if (value === undefined) {
        throw unreadable(name, `a ${bottleneck.type} without ${part.path} has no {{${part.path}}}`)
      }
      return value
    })
    .join('')
}

function unreadable(name: string, why: string, line?: number): ChokepointError {
  const where = line === undefined ? '' : ` at line ${line}`
  return new ChokepointError('CONFIG_INVALID', `cannot use the text ${name}${where}: ${why}`)
}

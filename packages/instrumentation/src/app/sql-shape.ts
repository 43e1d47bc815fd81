/** The form of a statement: what it does to what, and its text without values. */
export interface StatementShape {
  /** `SELECT`, `INSERT` ... in capitals. */
  readonly operation: string
  /** The first table; undefined when there is none. */
  readonly collection: string | undefined
  /** The text with `?` for each value, lists collapsed; cut at 200 characters. */
  readonly text: string
}

/** Longest part of a statement that is read. */
const READ_MAX = 4000
const TEXT_MAX = 200

/** Values and comments, each in one alternative; `$$ … $$` is PostgreSQL's quoting. */
const VALUE =
  /'(?:[^'\\]|''|\\.)*'?|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$\d+|(?<![\w".$])-?(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b/gi
/** A list of values, as `IN (?, ?)` or several rows of `VALUES`: its length is a value too. */
const LIST = /\(\s*\?(?:\s*,\s*\?)*\s*\)(?:\s*,\s*\(\s*\?(?:\s*,\s*\?)*\s*\))*/g
const COLLECTION =
  /\b(?:from|into|update|join|table)\s+(?:only\s+|if\s+(?:not\s+)?exists\s+)?((?:["`[]?\w+["`\]]?\.)?["`[]?\w+["`\]]?)/i

/** The shape of a statement; never holds a value of it. */
export function statementShape(statement: string): StatementShape {
  const text = statement
    .slice(0, READ_MAX)
    .replace(VALUE, (match) => (/^(--|\/\*)/.test(match) ? ' ' : '?'))
    .replace(LIST, '(?)')
    .replace(/\s+/g, ' ')
    .trim()
  const operation = /^\(*\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'QUERY'
  const collection = COLLECTION.exec(text)?.[1]?.replace(/["`[\]]/g, '')
  return { operation, collection, text: text.slice(0, TEXT_MAX) }
}

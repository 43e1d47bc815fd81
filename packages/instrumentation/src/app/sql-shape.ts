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
export const READ_MAX = 4000
const TEXT_MAX = 200

/** What a name may consist of; names with other characters are quoted. */
const NAME = String.raw`[\w$\u0080-\uffff]`
const PLAIN_STRING = `(?:(?<!${NAME})(?:[bBnNxX]|[uU]&))?'(?:[^']|'')*'?`
const ESCAPED_STRING = String.raw`(?<!${NAME})[eE]'(?:[^'\\]|''|\\[\s\S]?)*'?`
const MYSQL_STRINGS = String.raw`(?:(?<!${NAME})[bBnNxX])?'(?:[^'\\]|''|\\[\s\S]?)*'?|"(?:[^"\\]|""|\\[\s\S]?)*"?`
const DOUBLE_QUOTED = '"(?:[^"]|"")*"?'
const BACK_QUOTED = '`(?:[^`]|``)*`?'
/** PostgreSQL's `$$ … $$`, with or without a tag. */
const DOLLAR_QUOTED = String.raw`(?<!${NAME})\$((?:[a-zA-Z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?(?:\$\1\$|$)`
const PARAMETER = String.raw`(?<!${NAME})\$\d+`
/** Also `.5`, `0x1f` and `1_000`. */
const NUMBER = String.raw`(?<![\w$.\u0080-\uffff])-?\.?\d(?:[eE][+-]\d|[\w.])*`
const BLOCK_COMMENT = String.raw`\/\*[\s\S]*?(?:\*\/|$)`
const LINE_COMMENT = String.raw`--[^\n]*`
const MYSQL_LINE_COMMENTS = String.raw`--(?=\s|$)[^\n]*|#[^\n]*`

function anyOf(...alternatives: string[]): RegExp {
  return new RegExp(alternatives.join('|'), 'g')
}

/** What is not plain text of a statement, where double quotes are around names. */
const STANDARD = anyOf(
  ESCAPED_STRING,
  PLAIN_STRING,
  DOUBLE_QUOTED,
  BACK_QUOTED,
  DOLLAR_QUOTED,
  LINE_COMMENT,
  BLOCK_COMMENT,
  PARAMETER,
  NUMBER,
)
/** MySQL reads a backslash as an escape, and double quotes as those of a string. */
const MYSQL = anyOf(
  MYSQL_STRINGS,
  BACK_QUOTED,
  DOLLAR_QUOTED,
  MYSQL_LINE_COMMENTS,
  BLOCK_COMMENT,
  PARAMETER,
  NUMBER,
)
/** Names of systems are those of the conventions, and those that Knex' instrumentation takes from its drivers. */
const MYSQL_SYSTEMS: ReadonlySet<string> = new Set(['mysql', 'mysql2', 'mariadb'])
/** Systems in whose statements double quotes are around names; with any other they may be around values. */
const STANDARD_SYSTEMS: ReadonlySet<string> = new Set([
  'postgresql',
  'cockroachdb',
  'sqlite',
  'sqlite3',
  'better-sqlite3',
  'oracle',
  'oracle.db',
  'oracledb',
  'mssql',
  'microsoft.sql_server',
])

/** A string that ends sooner or later, by whether the server reads a backslash as an escape. */
const BACKSLASH_AND_QUOTE = /^[^'"]{0,2}(['"])[\s\S]*(?<!\\)(?:\\\\)*\\\1/
/** A comment that ends sooner or later, by whether the server's comments nest. */
const NESTED_COMMENT = /^\/\*[\s\S]*\/\*/

/** A list of values, as `IN (?, ?)` or several rows of `VALUES`: its length is a value too. */
const LIST = /\(\s*\?(?:\s*,\s*\?)*\s*\)(?:\s*,\s*\(\s*\?(?:\s*,\s*\?)*\s*\))*/g
const COLLECTION =
  /(?:^copy|\b(?:from|into|update|join|table))\s+(?:only\s+|if\s+(?:not\s+)?exists\s+)?((?:["`[]?\w+["`\]]?\.)?["`[]?\w+["`\]]?)/i

/** Whether the statements of a system, as `db.system.name` has it, are known to be SQL. */
export function isSql(system: string): boolean {
  return MYSQL_SYSTEMS.has(system) || STANDARD_SYSTEMS.has(system) || system === 'other_sql'
}

/**
 * The shape of a statement; never holds a value of it. Where a statement may be read in two ways, by settings of the
 * server that nobody knows here, it ends there.
 *
 * @param system the database, as `db.system.name` has it
 */
export function statementShape(statement: string, system: string): StatementShape {
  const text = withoutValues(statement.slice(0, READ_MAX), system)
    .replace(LIST, '(?)')
    .replace(/\s+/g, ' ')
    .trim()
  const operation = /^\(*\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'QUERY'
  const collection = COLLECTION.exec(text)?.[1]?.replace(/["`[\]]/g, '')
  return { operation, collection, text: text.slice(0, TEXT_MAX) }
}

function withoutValues(statement: string, system: string): string {
  const isMysql = MYSQL_SYSTEMS.has(system)
  const keepsNames = STANDARD_SYSTEMS.has(system)
  let text = ''
  let end = 0
  for (const { 0: token, index } of statement.matchAll(isMysql ? MYSQL : STANDARD)) {
    text += statement.slice(end, index)
    end = index + token.length
    if (/^(?:--|\/\*|#)/.test(token)) {
      if (NESTED_COMMENT.test(token)) return text
      text += ' '
    } else if (token[0] === '`' || (token[0] === '"' && keepsNames)) {
      text += token
    } else {
      text += '?'
      const escapes = isMysql || /^[eE]'/.test(token)
      if (!escapes && BACKSLASH_AND_QUOTE.test(token)) return text
    }
  }
  return text + statement.slice(end)
}

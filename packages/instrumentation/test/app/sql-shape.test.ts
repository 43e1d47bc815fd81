import { expect } from 'chai'
import { statementShape } from '../../src/app/sql-shape.ts'

/** A statement, what it does to what, and its text without values. */
const CASES: readonly [
  statement: string,
  operation: string,
  collection: string | undefined,
  text: string,
][] = [
  ['select * from items where id = 7', 'SELECT', 'items', 'select * from items where id = ?'],
  ['copy items from stdin', 'COPY', 'items', 'copy items from stdin'],
  ['COPY (SELECT * FROM items) TO STDOUT', 'COPY', 'items', 'COPY (SELECT * FROM items) TO STDOUT'],
  [
    'SELECT * FROM items WHERE id IN (1, 2,3)',
    'SELECT',
    'items',
    'SELECT * FROM items WHERE id IN (?)',
  ],
  [
    'SELECT * FROM items WHERE id IN ($1,$2)',
    'SELECT',
    'items',
    'SELECT * FROM items WHERE id IN (?)',
  ],
  [
    "INSERT INTO shop.\"orders\" (a, b) VALUES ('x', 1), ('y', 2)",
    'INSERT',
    'shop.orders',
    'INSERT INTO shop."orders" (a, b) VALUES (?)',
  ],
  [
    "UPDATE users SET name = 'O''Brien', age = -3.5e2 WHERE token = 'se\\'cret'",
    'UPDATE',
    'users',
    'UPDATE users SET name = ?, age = ? WHERE token = ?',
  ],
  ['SELECT /* user 42 */ 1 -- secret\nFROM t2', 'SELECT', 't2', 'SELECT ? FROM t2'],
  ['SELECT $tag$ it is secret $tag$ FROM col1', 'SELECT', 'col1', 'SELECT ? FROM col1'],
  ["SELECT 'never closed", 'SELECT', undefined, 'SELECT ?'],
  ['WITH x AS (SELECT 1) SELECT * FROM x', 'WITH', 'x', 'WITH x AS (SELECT ?) SELECT * FROM x'],
  [
    'CREATE TABLE IF NOT EXISTS shop.items (id INT)',
    'CREATE',
    'shop.items',
    'CREATE TABLE IF NOT EXISTS shop.items (id INT)',
  ],
  ['drop table if exists items', 'DROP', 'items', 'drop table if exists items'],
  ['BEGIN', 'BEGIN', undefined, 'BEGIN'],
  ['', 'QUERY', undefined, ''],
]

/** What hides a value: a statement, the databases whose it is, and its text without values. */
const HIDDEN: readonly [statement: string, systems: readonly string[], text: string][] = [
  [
    "SELECT 1 WHERE p = 'C:\\' AND x = 'SECRET'",
    ['postgresql', 'other_sql'],
    'SELECT ? WHERE p = ?',
  ],
  [
    "SELECT 1 WHERE p = 'it\\'s SECRET' AND x = 'SECRET'",
    ['mysql', 'mariadb'],
    'SELECT ? WHERE p = ? AND x = ?',
  ],
  ["SELECT 'a\\b', x FROM t", ['postgresql', 'mysql', 'other_sql'], 'SELECT ?, x FROM t'],
  ["SELECT E'it\\'s SECRET', 2 FROM t", ['postgresql'], 'SELECT ?, ? FROM t'],
  [
    `SELECT 'SECRET' AS "o'clock" FROM t WHERE x = 'SECRET'`,
    ['postgresql', 'sqlite'],
    `SELECT ? AS "o'clock" FROM t WHERE x = ?`,
  ],
  [
    "SELECT `it's` FROM t WHERE x = 'SECRET'",
    ['mysql', 'sqlite'],
    "SELECT `it's` FROM t WHERE x = ?",
  ],
  [
    `SELECT * FROM t WHERE x = "SECRET" AND y = "it\\"s SECRET" AND z = 'SECRET'`,
    ['mysql'],
    'SELECT * FROM t WHERE x = ? AND y = ? AND z = ?',
  ],
  ['SELECT * FROM t WHERE x = "SECRET"', ['other_sql'], 'SELECT * FROM t WHERE x = ?'],
  [
    "SELECT 1 # it's SECRET\nFROM t -- SECRET's\nWHERE x = 'SECRET'",
    ['mysql'],
    'SELECT ? FROM t WHERE x = ?',
  ],
  ["SELECT 1--'SECRET\nSECRET'", ['mysql'], 'SELECT ?--?'],
  ["SELECT a #> '{SECRET}' FROM t", ['postgresql'], 'SELECT a #> ? FROM t'],
  ['SELECT $é$ SECRET $é$ FROM t', ['postgresql'], 'SELECT ? FROM t'],
  ['SELECT $A$ SECRET $a$ SECRET $A$ FROM t', ['postgresql'], 'SELECT ? FROM t'],
  ['SELECT /* a /* b */ SECRET */ 1', ['postgresql', 'mysql'], 'SELECT'],
  [
    'SELECT .777, -.5, 1., 1_000, 0x1F, 0b10, 0o17, 1e-5, 1.5e+3 FROM t1',
    ['postgresql', 'mysql'],
    'SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? FROM t1',
  ],
  [
    "SELECT x'4D', b'01', N'SECRET', a-1, (a)-2, c.d2",
    ['mysql'],
    'SELECT ?, ?, ?, a-?, (a)?, c.d2',
  ],
  ["SELECT U&'SECRET', é2, f$1 FROM t", ['postgresql'], 'SELECT ?, é2, f$1 FROM t'],
]

describe('the shape of a statement', () => {
  for (const [statement, systems, text] of HIDDEN) {
    for (const system of systems) {
      it(`of ${JSON.stringify(statement)} to ${system} has no values`, () => {
        expect(statementShape(statement, system).text).to.equal(text)
      })
    }
  }

  for (const [statement, operation, collection, text] of CASES) {
    it(`of ${JSON.stringify(statement)} has no values`, () => {
      expect(statementShape(statement, 'postgresql')).to.deep.equal({ operation, collection, text })
    })
  }

  it('is cut, however long the statement is', () => {
    const { text } = statementShape(`SELECT ${'column, '.repeat(100_000)} 'secret'`, 'postgresql')
    expect(text).to.have.length(200)
  })

  it('takes no longer than its length allows, whatever is in it', () => {
    const startMs = performance.now()
    for (const evil of [
      "'".repeat(4000),
      '('.repeat(4000),
      '/*'.repeat(2000),
      '$a$'.repeat(1300),
      '?,'.repeat(2000),
      '1e'.repeat(2000),
      '"'.repeat(4000),
      "\\'".repeat(2000),
      "E'\\".repeat(1300),
      `'${'\\'.repeat(3999)}`,
    ]) {
      for (const system of ['postgresql', 'mysql']) statementShape(evil, system)
    }
    expect(performance.now() - startMs).to.be.below(5000)
  })
})

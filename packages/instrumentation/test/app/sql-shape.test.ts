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

describe('the shape of a statement', () => {
  for (const [statement, operation, collection, text] of CASES) {
    it(`of ${JSON.stringify(statement)} has no values`, () => {
      expect(statementShape(statement)).to.deep.equal({ operation, collection, text })
    })
  }

  it('is cut, however long the statement is', () => {
    const { text } = statementShape(`SELECT ${'column, '.repeat(100_000)} 'secret'`)
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
    ]) {
      statementShape(evil)
    }
    expect(performance.now() - startMs).to.be.below(5000)
  })
})

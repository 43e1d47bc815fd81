// The catalog: Express in CommonJS. It owns the products, which it reads from PostgreSQL.
const express = require('express')
const { Pool } = require('pg')
const { FaultSwitches } = require('../faults.ts')
const {
  announce,
  closeServer,
  requiredEnv,
  urlOf,
  wantedHost,
  wantedPort,
} = require('../service.ts')

const PAGE_PRODUCTS = 12
const POOL_CLIENTS = 4

const faults = new FaultSwitches('catalog')
const pool = new Pool({ connectionString: requiredEnv('DATABASE_URL'), max: POOL_CLIENTS })
pool.on('error', (error) => console.error(`catalog: an idle database connection: ${error.message}`))

const app = express()
app.use(express.json())

app.get('/health', (_request, response) => {
  response.json({ status: 'ok' })
})

app.get('/products', async (_request, response) => {
  response.json(faults.isOn('n-plus-one') ? await listOneByOne() : await list())
})

let productPages = 0

app.get('/products/:id', async (request, response) => {
  productPages++
  if (faults.isOn('error-burst') && productPages % 3 === 0) {
    throw new Error(`the price of product ${request.params.id} cannot be computed`)
  }
  const { rows } = await pool.query(
    `SELECT p.id, p.name, p.description, p.price_cents AS "priceCents", s.pieces
     FROM shop.products p JOIN shop.stock s ON s.product_id = p.id WHERE p.id = $1`,
    [Number(request.params.id)],
  )
  if (rows.length === 0) {
    response.status(404).json({ error: `there is no product ${request.params.id}` })
    return
  }
  response.json(rows[0])
})

app.get('/search', async (request, response) => {
  const client = await pool.connect()
  try {
    const { rows } = await client.query(
      `SELECT id, name, price_cents AS "priceCents" FROM shop.products
       WHERE name ILIKE '%' || $1 || '%' ORDER BY id LIMIT 10`,
      [String(request.query.q ?? '')],
    )
    if (faults.isOn('pool-starvation')) await new Promise((resolve) => setTimeout(resolve, 800))
    response.json(rows)
  } finally {
    client.release()
  }
})

app.post('/admin/faults/:name', (request, response) => switchFault(request, response, true))
app.delete('/admin/faults/:name', (request, response) => switchFault(request, response, false))

app.use((error, _request, response, _next) => {
  response.status(500).json({ error: error.message })
})

/** The first page of products with their stock, by one statement. */
async function list() {
  const { rows } = await pool.query(
    `SELECT p.id, p.name, p.price_cents AS "priceCents", s.pieces
     FROM shop.products p JOIN shop.stock s ON s.product_id = p.id ORDER BY p.id LIMIT $1`,
    [PAGE_PRODUCTS],
  )
  return rows
}

/** The same page by one statement for the products and one for the stock of each. */
async function listOneByOne() {
  const { rows } = await pool.query(
    'SELECT id, name, price_cents AS "priceCents" FROM shop.products ORDER BY id LIMIT $1',
    [PAGE_PRODUCTS],
  )
  for (const product of rows) {
    const stock = await pool.query('SELECT pieces FROM shop.stock WHERE product_id = $1', [
      product.id,
    ])
    product.pieces = stock.rows[0].pieces
  }
  return rows
}

function switchFault(request, response, on) {
  const known = faults.set(request.params.name, on)
  response.status(known ? 200 : 404).json({ on: faults.list() })
}

const server = app.listen(wantedPort(), wantedHost(), () => {
  announce('catalog', urlOf(server), async () => {
    await closeServer(server)
    await pool.end()
  })
})

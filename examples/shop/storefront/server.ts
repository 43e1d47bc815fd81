// The storefront: Fastify in ESM. It answers the shop's customers with what the other parts know.
import Fastify from 'fastify'
import pg from 'pg'
import { FaultSwitches, type Part, partOf } from '../faults.ts'
import { announce, requiredEnv, urlOf, wantedHost, wantedPort } from '../service.ts'
import { FaultyHabits } from './faulty-habits.ts'
import { PartFailed, Peer } from './peer.ts'

const POOL_CLIENTS = 4

const faults = new FaultSwitches('storefront')
const habits = new FaultyHabits(faults)
const catalog = new Peer('catalog', requiredEnv('CATALOG_URL'))
const payment = new Peer('payment', requiredEnv('PAYMENT_URL'))
const pool = new pg.Pool({ connectionString: requiredEnv('DATABASE_URL'), max: POOL_CLIENTS })
pool.on('error', (error) => console.error(`storefront: an idle connection: ${error.message}`))

interface Product {
  readonly id: number
  readonly name: string
  readonly priceCents: number
}

const app = Fastify()

app.setErrorHandler((error, _request, reply) => {
  const message = error instanceof Error ? error.message : String(error)
  const status = error instanceof PartFailed ? (error.status === 404 ? 404 : 502) : 500
  return reply.code(status).send({ error: message })
})

app.get('/health', () => ({ status: 'ok' }))

app.get('/', async (_request, reply) => {
  habits.onPage()
  const products = (await catalog.get('/products')) as readonly Product[]
  return reply.type('text/html').send(`<h1>The shop</h1><ul>${products.map(item).join('')}</ul>`)
})

app.get<{ Params: { id: string } }>('/products/:id', async (request, reply) => {
  habits.onPage()
  const product = (await catalog.get(`/products/${request.params.id}`)) as Product
  return reply.type('text/html').send(`<ul>${item(product)}</ul>`)
})

app.get<{ Querystring: { q?: string } }>('/search', (request) =>
  catalog.get(`/search?q=${encodeURIComponent(request.query.q ?? '')}`),
)

app.post<{ Body: { productId?: number } }>('/checkout', async (request, reply) => {
  const product = (await catalog.get(`/products/${request.body.productId ?? 0}`)) as Product
  const charge = (await payment.post('/charges', { amountCents: product.priceCents })) as {
    readonly id: string
  }
  const { rows } = await pool.query<{ id: string }>(
    'INSERT INTO shop.orders (product_id, amount_cents, charge_id) VALUES ($1, $2, $3) RETURNING id',
    [product.id, product.priceCents, charge.id],
  )
  return reply.code(201).send({ order: rows[0]?.id, charge: charge.id })
})

app.post<{ Params: { name: string } }>('/admin/faults/:name', (request) =>
  switchFault(request.params.name, true),
)

app.delete<{ Params: { name: string } }>('/admin/faults/:name', (request) =>
  switchFault(request.params.name, false),
)

function item(product: Product): string {
  return `<li><a href="/products/${product.id}">${product.name}</a> ${product.priceCents / 100} EUR</li>`
}

/** Switches a fault here or, by its own admin route, in the part that has it. */
async function switchFault(name: string, on: boolean): Promise<unknown> {
  const part: Part | undefined = partOf(name)
  if (part === undefined) throw new PartFailed(`there is no fault ${name}`, 404)
  if (part === 'storefront') {
    faults.set(name, on)
    return { on: faults.list() }
  }
  const peer = part === 'catalog' ? catalog : payment
  return peer.send(on ? 'POST' : 'DELETE', `/admin/faults/${name}`)
}

await app.listen({ port: wantedPort(), host: wantedHost() })
announce('storefront', urlOf(app.server), async () => {
  habits.stop()
  app.server.closeAllConnections()
  await app.close()
  await pool.end()
})

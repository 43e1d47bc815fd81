/** One request that a customer makes. */
export interface CustomerRequest {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

const PRODUCTS = 60

// How often customers do what, and how; the weights sum to 1.
const MIX: readonly { weight: number; request: (random: () => number) => CustomerRequest }[] = [
  { weight: 0.35, request: () => ({ name: 'home', method: 'GET', path: '/' }) },
  {
    weight: 0.3,
    request: (random) => ({
      name: 'product',
      method: 'GET',
      path: `/products/${anyProduct(random)}`,
    }),
  },
  {
    weight: 0.1,
    request: (random) => ({
      name: 'search',
      method: 'GET',
      path: `/search?q=${anyProduct(random)}`,
    }),
  },
  {
    weight: 0.25,
    request: (random) => ({
      name: 'checkout',
      method: 'POST',
      path: '/checkout',
      body: { productId: anyProduct(random) },
    }),
  },
]

function anyProduct(random: () => number): number {
  return 1 + Math.floor(random() * PRODUCTS)
}

/** The customers' requests one after the other: the same seed, the same requests. */
export function* customerRequests(seed: number): Generator<CustomerRequest, never> {
  const random = seededRandom(seed)
  for (;;) {
    let left = random()
    const row = MIX.find(({ weight }) => {
      left -= weight
      return left < 0
    })
    yield (row ?? MIX[0]!).request(random)
  }
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

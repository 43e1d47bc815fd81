import { shop, world } from './world.ts'

/** A shop whose catalog fails this share of its product pages, and the storefront with it. */
export function failingShop(
  share: number,
  rest: { failingFromSecond?: number } & Record<string, unknown> = {},
) {
  const { failingFromSecond = 0, ...model } = rest
  const [storefront, catalog] = shop()
  const isProduct = ({ route }: { route: string }) => route === '/products/:id'
  const pages = storefront!.routes!.map((route) =>
    isProduct(route)
      ? { ...route, failing: share, calls: [{ ...route.calls![0]!, failing: share }] }
      : route,
  )
  const products = catalog!.routes!.map((route) =>
    isProduct(route) ? { ...route, failing: share } : route,
  )
  const services = shop({
    storefront: { routes: pages, failingFromSecond },
    catalog: { routes: products, failingFromSecond },
  })
  return world({ services, seconds: 60, ...model })
}

/** What can be wrong with the shop. All of it is off until it is switched on by name. */
export const FAULTS = [
  {
    name: 'block-loop',
    part: 'storefront',
    does: 'computes on the event loop for 500 ms every 4 s',
  },
  {
    name: 'sync-fs',
    part: 'storefront',
    does: 'writes and reads a file synchronously in each page',
  },
  { name: 'leak', part: 'storefront', does: 'keeps 200 kB of each request for ever' },
  { name: 'n-plus-one', part: 'catalog', does: 'asks the stock of each listed product on its own' },
  { name: 'error-burst', part: 'catalog', does: 'fails every third product page' },
  { name: 'pool-starvation', part: 'catalog', does: 'holds a connection for 800 ms per search' },
  { name: 'slow-payment', part: 'payment', does: 'takes 250 ms longer to charge' },
] as const

export type FaultName = (typeof FAULTS)[number]['name']
export type Part = (typeof FAULTS)[number]['part']

/** The part of the shop that has the named fault; undefined when there is no such fault. */
export function partOf(name: string): Part | undefined {
  return FAULTS.find((fault) => fault.name === name)?.part
}

/** The faults of one part that are on now. */
export class FaultSwitches {
  readonly #part: Part
  readonly #on: Set<string>

  /** Starts with the faults that `SHOP_FAULTS` names, separated by commas. */
  constructor(part: Part, names: string = process.env.SHOP_FAULTS ?? '') {
    this.#part = part
    this.#on = new Set(names.split(',').filter((name) => partOf(name) === part))
  }

  isOn(name: FaultName): boolean {
    return this.#on.has(name)
  }

  /** Switches a fault; false when this part has no fault of that name. */
  set(name: string, on: boolean): boolean {
    if (partOf(name) !== this.#part) return false
    if (on) this.#on.add(name)
    else this.#on.delete(name)
    return true
  }

  list(): readonly string[] {
    return [...this.#on]
  }
}

/** The names in a comma-separated list that no fault has. */
export function unknownFaults(names: string): readonly string[] {
  return names.split(',').filter((name) => name !== '' && partOf(name) === undefined)
}

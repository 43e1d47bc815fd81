/** Node and undici keep state under symbols that they do not give away; they have descriptions. Undefined: there is none. */
export function symbolOf(start: object, description: string): symbol | undefined {
  for (let owner: object | null = start; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const found = Object.getOwnPropertySymbols(owner).find((key) => key.description === description)
    if (found !== undefined) return found
  }
  return undefined
}

/** What an object keeps under such a symbol. */
export function hiddenValue(owner: object, description: string): unknown {
  const key = symbolOf(owner, description)
  return key === undefined ? undefined : Reflect.get(owner, key)
}

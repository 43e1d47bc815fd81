/** The object in a prototype chain that a method lies on: the place to patch it for all instances. */
export function ownerOf<Owner extends object>(
  start: Owner,
  method: keyof Owner,
): Owner | undefined {
  let owner: object | null = start
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner)
  return (owner as Owner | null) ?? undefined
}

/** Something that tidy does not accept: the rule, the file, and why. */
export interface Problem {
  readonly rule: string
  readonly path: string
  readonly message: string
}

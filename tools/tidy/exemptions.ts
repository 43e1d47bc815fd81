/** What a rule would refuse and is right all the same, with the reason. May only get shorter. */
export const EXEMPTIONS: readonly {
  readonly rule: string
  readonly path: string
  readonly reason: string
}[] = [
  {
    rule: 'import-direction',
    path: 'tools/tidy/test/tidy.test.ts',
    reason: 'the imports are in the texts under test',
  },
]

declare module 'parse-prometheus-text-format' {
  interface Family {
    readonly name: string
    readonly help: string
    readonly type: string
    readonly metrics: readonly {
      readonly labels?: Readonly<Record<string, string>>
      readonly value?: string
      readonly count?: string
      readonly sum?: string
      readonly buckets?: Readonly<Record<string, string>>
    }[]
  }

  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default function parsePrometheusTextFormat(text: string): readonly Family[]
}

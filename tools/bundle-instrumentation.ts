import { globSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, buildSync } from 'esbuild'

const NOTICE = `/*
 * Many files in one, made of src/ and of OpenTelemetry's @opentelemetry/* packages:
 * Copyright The OpenTelemetry Authors, licensed under the Apache License, Version 2.0.
 */`

const OPTIONS: BuildOptions = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.15',
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  banner: { js: NOTICE },
  logLevel: 'warning',
}

/**
 * Puts the program of a built `packages/instrumentation` into few files, in place of its many: what the app's thread loads
 * into one that its entries share, so that none of its state is there twice; what the watch thread loads into another.
 * Declarations stay as they are; what is needed on demand only stays in files of its own.
 */
export function bundleInstrumentation(folder: string): void {
  const dist = join(folder, 'dist')
  // Nobody imports the watch thread, so it needs no declarations either.
  rmSync(join(dist, 'watch'), { recursive: true })
  for (const file of globSync('**/*.{js,js.map}', { cwd: dist })) rmSync(join(dist, file))
  buildSync({
    ...OPTIONS,
    entryPoints: entriesOf(folder),
    outdir: dist,
    // What the API of OpenTelemetry shares, it keeps by a global symbol: a copy of its own sees the app's, and is 50 files less.
    external: ['@chokepoint/analyzer'],
    chunkNames: 'app-[hash]',
  })
  buildSync({
    ...OPTIONS,
    entryPoints: [join(folder, 'src', 'watch', 'main.ts')],
    outdir: join(dist, 'watch'),
    external: ['pprof-format'],
  })
}

/** What the app's thread may load: the sources of what the package exports. */
function entriesOf(folder: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { 'chokepoint-source': string }>
  }
  return Object.values(exports).map((paths) => join(folder, paths['chokepoint-source']))
}

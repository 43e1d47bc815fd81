import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const NOTICE = `/*
 * The watch thread in one file, made of src/watch and of OpenTelemetry's @opentelemetry/* packages:
 * Copyright The OpenTelemetry Authors, licensed under the Apache License, Version 2.0.
 */`

/**
 * Puts the watch thread of a built `packages/instrumentation` into one file, in place of its many: a worker loads it in a
 * third of the time and holds less of it in memory. What is needed on demand only stays in files of its own.
 */
export function bundleWatchThread(folder: string): void {
  const outdir = join(folder, 'dist', 'watch')
  rmSync(outdir, { recursive: true })
  buildSync({
    entryPoints: [join(folder, 'src', 'watch', 'main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.15',
    external: ['pprof-format'],
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    banner: { js: NOTICE },
    logLevel: 'warning',
  })
}

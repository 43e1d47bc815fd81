import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'

const SOURCES = join(import.meta.dirname, '..', '..', 'src', 'app')
const urlOf = (file: string): string => JSON.stringify(pathToFileURL(join(SOURCES, file)).href)

/** Installs hooks that say what they were given, and then runs an app of some files in a process of its own. */
function run(files: Readonly<Record<string, string>>, main: string, hooks: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-loads-'))
  try {
    for (const [name, source] of Object.entries(files)) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, source)
    }
    writeFileSync(
      join(folder, 'preload.mjs'),
      `import { watchModuleLoads } from ${urlOf('module-loads.ts')}
       import { OfficialInstrumentations } from ${urlOf('official-instrumentations.ts')}
       const hooks = new Map(Object.entries(${hooks}))
       const official = new OfficialInstrumentations(() => true, (work) => work())
       const libraries = { note() {} }
       watchModuleLoads({ hooks, official, libraries, disabled: new Map() }, (error) => console.log('reported ' + error.message))`,
    )
    const args = ['--import', './preload.mjs', main]
    return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
      .trim()
      .split('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const LIBRARY = {
  'node_modules/lib/package.json': '{"main": "index.js"}',
  // The entry gives the very exports of an inner file.
  'node_modules/lib/index.js': "module.exports = require('./inner'); require('./inner.js')",
  'node_modules/lib/inner.js': 'module.exports = function original() {}',
}

describe('a hook of a library', () => {
  const replacing = `{
    lib(exported) { console.log('entry ' + exported.name); return function replaced() {} },
    'lib/inner.js'(exported) { console.log('inner ' + exported.name) },
  }`

  it('is called once for each file, and what it gives is what the app gets by require', () => {
    const main = "const lib = require('lib'); console.log(lib.name, lib === require('lib'))"
    expect(run({ ...LIBRARY, 'main.cjs': main }, 'main.cjs', replacing)).to.deep.equal([
      'inner original',
      'entry original',
      'replaced true',
    ])
  })

  it('is called once for each file, and what it gives is what the app gets by import', () => {
    const main =
      "import lib from 'lib'; const { default: again } = await import('lib'); console.log(lib.name, lib === again)"
    expect(run({ ...LIBRARY, 'main.mjs': main }, 'main.mjs', replacing)).to.deep.equal([
      'inner original',
      'entry original',
      'replaced true',
    ])
  })

  it('that fails leaves the library as it is', () => {
    const hooks = "{ lib() { throw new Error('broken hook') } }"
    const main = "console.log(require('lib').name)"
    expect(run({ ...LIBRARY, 'main.cjs': main }, 'main.cjs', hooks)).to.deep.equal([
      'reported broken hook',
      'original',
    ])
  })

  it('sees a file of a circle only when it is complete', () => {
    const files = {
      'node_modules/lib/package.json': '{}',
      'node_modules/lib/index.js': "exports.early = 1; require('./other'); exports.late = 2",
      'node_modules/lib/other.js': "require('./index.js')",
      'main.cjs': "require('lib')",
    }
    const hooks = '{ lib(exported) { console.log(Object.keys(exported).join()) } }'
    expect(run(files, 'main.cjs', hooks)).to.deep.equal(['early,late'])
  })

  it('leaves errors of the library to the app', () => {
    const files = {
      'node_modules/lib/package.json': '{}',
      'node_modules/lib/index.js': "throw new Error('of the library')",
      'main.cjs': "try { require('lib') } catch (error) { console.log(error.message) }",
    }
    expect(run(files, 'main.cjs', '{ lib() {} }')).to.deep.equal(['of the library'])
  })
})

describe("OpenTelemetry's hook of every require", () => {
  it('is not in place after a library has woken its instrumentation, and comes back for an app that registers', () => {
    const main = `
      const { createRequire } = require('node:module')
      const Module = require('node:module')
      const before = Module.prototype.require
      const ours = createRequire(${JSON.stringify(join(SOURCES, 'agent.ts'))})
      ours('kafkajs')
      console.log('hooked', Module.prototype.require !== before)
      const { KafkaJsInstrumentation } = ours('@opentelemetry/instrumentation-kafkajs')
      new KafkaJsInstrumentation({ enabled: true })
      console.log('hooked', Module.prototype.require !== before)`
    const lines = run({ 'main.cjs': main }, 'main.cjs', '{}')
    expect(lines).to.deep.equal(['hooked false', 'hooked true'])
  })
})

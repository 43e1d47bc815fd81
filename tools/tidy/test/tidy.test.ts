import { expect } from 'chai'
import { readImports } from '../read-imports.ts'
import { checkCycles } from '../rules/cycles.ts'
import { checkDeadFiles } from '../rules/dead-files.ts'
import { checkImportDirection } from '../rules/import-direction.ts'
import { listLongFiles } from '../rules/long-files.ts'
import { checkTestPickup } from '../rules/test-pickup.ts'
import { sourceTreeOf } from '../source-tree.ts'

const tree = (files: Record<string, string>) => sourceTreeOf(new Map(Object.entries(files)))
const A = 'packages/analyzer/src'

describe('tidy', () => {
  it('reads static, type, dynamic and worker imports, and no comment', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from './b.ts'",
      "export { c } from './c.ts'",
      "import './d.ts'",
      "const e = await import('./e.ts')",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template is the text under test
      'new Worker(new URL(`./f${extension}`, import.meta.url))',
      "// import './g.ts'",
      "/* import './h.ts' */",
    ].join('\n')
    expect(readImports(text)).to.have.members([
      './a.ts',
      './b.ts',
      './c.ts',
      './d.ts',
      './e.ts',
      './f',
    ])
  })

  it('accepts a stage that knows model and one other', () => {
    const files = {
      [`${A}/store/store.ts`]: "import '../model/x.ts'\nimport '../decode/d.ts'",
      [`${A}/model/x.ts`]: '',
      [`${A}/decode/d.ts`]: '',
    }
    expect(checkImportDirection(tree(files))).to.deep.equal([])
  })

  it('refuses a stage that knows two others, and a model that knows any', () => {
    const files = {
      [`${A}/store/store.ts`]: "import '../rules/r.ts'",
      [`${A}/store/other.ts`]: "import type { D } from '../decode/d.ts'",
      [`${A}/model/x.ts`]: "import '../decode/d.ts'",
      [`${A}/decode/d.ts`]: '',
      [`${A}/rules/r.ts`]: '',
    }
    const paths = checkImportDirection(tree(files)).map((problem) => problem.path)
    expect(paths).to.have.members([`${A}/store/store.ts`, `${A}/store/other.ts`, `${A}/model/x.ts`])
  })

  it('refuses a package that imports against the flow', () => {
    const files = { 'packages/promql/src/index.ts': "import { x } from '@chokepoint/analyzer'" }
    expect(checkImportDirection(tree(files))).to.have.length(1)
  })

  it('refuses an app thread that imports the watch thread', () => {
    const files = {
      'packages/instrumentation/src/app/a.ts': "import '../watch/w.ts'",
      'packages/instrumentation/src/watch/w.ts': '',
    }
    expect(checkImportDirection(tree(files))[0]?.message).to.equal(
      'src/app may not import src/watch',
    )
  })

  it('names the whole circle, type imports included', () => {
    const files = { 'a.ts': "import type { B } from './b.ts'", 'b.ts': "import './a.ts'" }
    expect(checkCycles(tree(files))[0]?.message).to.equal('imports itself: a.ts -> b.ts -> a.ts')
  })

  it('refuses a file that no entry reaches', () => {
    const files = {
      'packages/promql/src/index.ts': "export { a } from './a.ts'",
      'packages/promql/src/a.ts': '',
      'packages/promql/src/dead.ts': "import './a.ts'",
    }
    expect(checkDeadFiles(tree(files)).map((p) => p.path)).to.deep.equal([
      'packages/promql/src/dead.ts',
    ])
  })

  it('refuses a test file that no pattern matches', () => {
    const files = { 'packages/a/test/x/y.test.ts': '', 'packages/a/spec/z.test.ts': '' }
    const problems = checkTestPickup(tree(files), ['packages/*/test/**/*.test.ts'])
    expect(problems.map((p) => p.path)).to.deep.equal(['packages/a/spec/z.test.ts'])
  })

  it('lists files over 300 lines, the longest first', () => {
    const files = { 'a.ts': '\n'.repeat(301), 'b.ts': '\n'.repeat(500), 'c.ts': '\n'.repeat(300) }
    expect(listLongFiles(tree(files)).map((p) => p.path)).to.deep.equal(['b.ts', 'a.ts'])
  })
})

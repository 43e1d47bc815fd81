/**
 * What a text of TypeScript or JavaScript imports, type imports included: `from '…'`, `import '…'`,
 * `import('…')`, `require('…')`, and files named by `new URL('…', import.meta.url)`. An expression inside a
 * template is left out, so a worker named with its extension computed is found without extension.
 */
export function readImports(text: string): string[] {
  const names: string[] = []
  for (const pattern of PATTERNS) {
    for (const match of withoutComments(text).matchAll(pattern)) {
      const name = match[1]?.replace(/\$\{[^}]*\}/g, '')
      if (name !== undefined && name !== '') names.push(name)
    }
  }
  return names
}

const PATTERNS = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"`]([^'"`]+)['"`]/g,
  /\brequire\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"`](\.[^'"`]+)['"`]\s*,\s*import\.meta\.url/g,
]

/** Only whole-line and block comments: a `//` inside a string must stay. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

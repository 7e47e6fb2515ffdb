import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'oxc-parser'

export const root = join(import.meta.dirname, '..')

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly specifier: string
  /** What a relative specifier points at, from the repository's root. */
  readonly target: string | undefined
}

const notOurs = /(^|\/)(node_modules|generated|dist)\//

/** The TypeScript and JavaScript of these folders, generated files aside. */
export function sourceFiles(folders: readonly string[]): SourceFile[] {
  return folders.filter((folder) => existsSync(join(root, folder))).flatMap(filesBelow)
}

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|tsx|js|mjs)$/.test(path) && !notOurs.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Everything that a file imports or re-exports, types included, with literal dynamic imports. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const { module, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest }) =>
      literal(text.slice(moduleRequest.start, moduleRequest.end)),
    ),
  ]
  return [...new Set(specifiers)].map((specifier) => ({
    specifier,
    target: specifier.startsWith('.') ? relative(root, join(root, dirname(path), specifier)) : undefined,
  }))
}

/** A dynamic import of a computed name cannot be judged here; only plugins named by the operator are loaded so. */
function literal(expression: string): string[] {
  return /^(['"])(.*)\1$/.exec(expression.trim())?.slice(2, 3) ?? []
}

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildSchema, findBreakingChanges } from 'graphql'

const root = resolve(import.meta.dirname, '../..')

/** Changes of the API that break its clients, each in a sentence; schemas are texts. */
export function breakingChanges(before: string, after: string): string[] {
  return findBreakingChanges(buildSchema(before), buildSchema(after)).map(({ description }) => description)
}

/** The changes that the changelog's section "Breaking" of "Unreleased" does not name word for word. */
export function undeclaredChanges(changes: readonly string[], changelog: string): string[] {
  const unreleased = sectionOf(changelog, '## Unreleased', /^## /m)
  const breaking = sectionOf(unreleased, '### Breaking', /^### /m)
  const declared = new Set(Array.from(breaking.matchAll(/^- (.+)$/gm), ([, line]) => line))
  return changes.filter((change) => !declared.has(change))
}

/** What stands between a heading and the next one of its kind; nothing when there is no such heading. */
function sectionOf(text: string, heading: string, next: RegExp): string {
  const [, ...rest] = text.split(new RegExp(`^${heading} *$`, 'm'))
  return rest.join('').split(next)[0] ?? ''
}

/** The last commit of the main line that HEAD builds on; undefined in a repository's first commit. */
function baseCommit(): string | undefined {
  const main = revision('origin/main') ?? revision('main')
  const head = revision('HEAD')
  const base = main === undefined ? undefined : git('merge-base', main, 'HEAD')
  return base === undefined || base === head ? revision('HEAD^') : base
}

function revision(name: string): string | undefined {
  return git('rev-parse', '--verify', '--quiet', `${name}^{commit}`)
}

/** @returns undefined when git says no. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch (error) {
    if (error instanceof Error && 'status' in error && typeof error.status === 'number') return undefined
    throw error
  }
}

function report(): void {
  const base = baseCommit()
  const before = base === undefined ? undefined : git('show', `${base}:schema.graphql`)
  if (before === undefined) {
    process.stdout.write('There is no earlier schema.graphql to compare with.\n')
    return
  }
  const read = (path: string) => readFileSync(resolve(root, path), 'utf8')
  const changes = breakingChanges(before, read('schema.graphql'))
  const undeclared = undeclaredChanges(changes, read('CHANGELOG.md'))
  process.stdout.write(
    `Compared with ${base}: ${changes.length} breaking changes, ${undeclared.length} undeclared.\n`,
  )
  if (undeclared.length === 0) return
  const lines = undeclared.map((change) => `- ${change}`).join('\n')
  process.stderr.write(
    `These break clients of the API. Undo them, or put them under "### Breaking" of "## Unreleased" in CHANGELOG.md:\n${lines}\n`,
  )
  process.exitCode = 1
}

if (import.meta.main) report()

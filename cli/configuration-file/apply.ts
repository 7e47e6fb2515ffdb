import { type FileProblem, findFormProblems } from '../../contract/configuration-file/problems.ts'
import { type ConnectionOptions, connect } from '../client/connection.ts'
import type { ControlPlane } from '../client/control-plane.ts'
import { accepted, CommandFailed } from '../client/failures.ts'
import { confirm } from '../terminal/confirm.ts'
import { printJson, printLine, printNote, printTable, printWarning } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { isForeign, translateForeign } from './bifrost.ts'
import { type Applied, printDifferences, summaryOf } from './differences.ts'
import { ApplyConfiguration } from './documents.ts'
import { readSourceFile, type SourceFile } from './read-file.ts'

export interface ApplyOptions extends ConnectionOptions {
  /** `-` is stdin. */
  readonly file: string
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly prune?: boolean
  readonly json?: boolean
}

/** What is sent: a document in our form, and the secrets that it names. */
interface Request {
  readonly document: unknown
  readonly secrets: { readonly name: string; readonly value: string }[]
  readonly prune: boolean
}

/**
 * Shows what a file would change, asks, and changes it: all of it or nothing.
 *
 * @throws CommandFailed with every mistake of the file and its line.
 */
export async function applyFile(options: ApplyOptions): Promise<void> {
  const file = await readSourceFile(options.file)
  const request = toRequest(file, options)
  const controlPlane = await connect(options)
  const tried = await withProgress('Comparing', send(controlPlane, file, request, { dryRun: true }))
  for (const warning of tried.warnings) printWarning(warning)
  if (!options.json) printDifferences(tried.changes)
  if (options.dryRun || tried.changes.length === 0) {
    if (options.json) printJson(tried)
    else printLine(tried.changes.length === 0 ? 'Nothing to change.' : `${summaryOf(tried.changes)}.`)
    return
  }
  await confirm(`${summaryOf(tried.changes)}. Apply?`, options)
  const how = { dryRun: false, ifRevision: tried.revision }
  const work = send(controlPlane, file, request, how)
  const applied = await withProgress(`Applying ${tried.changes.length} changes`, work)
  if (options.json) printJson(applied)
  else printApplied(applied)
}

function printApplied({ changes, issuedKeys, revision }: Applied): void {
  if (issuedKeys.length > 0) {
    printNote('\nThe secrets of the new keys, which are shown only here:')
    printTable(
      [
        { title: 'KEY', cell: ({ name }) => name },
        { title: 'SECRET', cell: ({ secret }) => secret },
      ],
      issuedKeys,
    )
  }
  printNote(`Applied ${changes.length} changes as revision ${revision}.`)
}

function toRequest(file: SourceFile, { prune = false }: ApplyOptions): Request {
  const { document, inClear } = inOurForm(file)
  const problems = findFormProblems(document)
  if (problems.length > 0) throw invalid(file, problems)
  const named = [...secretNames(document)].flatMap((name) => {
    const value = inClear.get(name) ?? process.env[name]
    // The control plane decides whether it can do without: a key that exists keeps its secret.
    return value ? [{ name, value }] : []
  })
  return { document, secrets: named, prune }
}

function inOurForm(file: SourceFile): { document: unknown; inClear: ReadonlyMap<string, string> } {
  if (!isForeign(file.document)) return { document: file.document, inClear: new Map() }
  const { document, notices, refusals, secrets } = translateForeign(file.document)
  for (const { path, message } of notices) printWarning(`${file.placeOf(path)} ${path}: ${message}`)
  if (refusals.length > 0) throw mistakes(refusals.map((one) => [file.placeOf(one.path), one]))
  return { document, inClear: secrets }
}

/** The variables that a document names in its `secret` members. */
function secretNames(value: unknown, names = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return names
  for (const [member, inner] of Object.entries(value)) {
    if (member === 'secret' && typeof inner === 'string') names.add(inner.slice(1))
    else if (member !== 'config') secretNames(inner, names)
  }
  return names
}

async function send(
  controlPlane: ControlPlane,
  file: SourceFile,
  request: Request,
  how: { readonly dryRun: boolean; readonly ifRevision?: number },
): Promise<Applied> {
  const { applyConfiguration } = await controlPlane.run(ApplyConfiguration, { input: { ...request, ...how } })
  if (applyConfiguration.__typename === 'ConfigurationFileInvalid') {
    throw invalid(file, applyConfiguration.problems)
  }
  return accepted(applyConfiguration, 'AppliedConfiguration')
}

/** Of a foreign file the places are those of our form: it was translated before it was checked. */
function invalid(file: SourceFile, problems: readonly FileProblem[]): CommandFailed {
  const isOurs = !isForeign(file.document)
  return mistakes(problems.map((one) => [isOurs ? file.placeOf(one.path) : file.name, one]))
}

function mistakes(found: readonly (readonly [place: string, problem: FileProblem])[]): CommandFailed {
  const lines = found.map(([place, { path, message }]) => `${place} ${fieldOf(path)}: ${message}`)
  const count = found.length === 1 ? '1 mistake' : `${found.length} mistakes`
  return new CommandFailed(`${lines.join('\n')}\n${count}; nothing was changed`, 2)
}

/** `/virtualKeys/0/owner` as people write it: `virtualKeys[0].owner`. */
function fieldOf(pointer: string): string {
  const steps = pointer.split('/').slice(1)
  const field = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('')
  return field.replace(/^\./, '').replaceAll('~1', '/').replaceAll('~0', '~') || 'file'
}

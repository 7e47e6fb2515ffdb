import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ConnectionOptions, connect } from '../client/connection.ts'
import { CommandFailed } from '../client/failures.ts'
import { pointInTime } from '../terminal/duration.ts'
import { printNote } from '../terminal/output.ts'

/** The parameters of `GET /usage.csv`: those that are given once, and those that are given once for each value. */
const single = ['interval', 'timeZone', 'from', 'to'] as const
const repeated = [
  'groupBy',
  'workspaceIds',
  'customerIds',
  'businessUnitIds',
  'teamIds',
  'userIds',
  'virtualKeyIds',
  'tags',
  'providerIds',
  'models',
  'upstreamModels',
  'outcomes',
] as const

export const csvParameters: readonly string[] = [...single, ...repeated]

/** The parameters bear their names as flags do: `--group-by` is `groupBy`. */
export type UsageCsvOptions = ConnectionOptions & {
  readonly since?: string
  readonly output?: string
} & { readonly [Name in (typeof single)[number]]?: string } & {
  readonly [Name in (typeof repeated)[number]]?: readonly string[]
}

/** Writes sums of usage as CSV, as they come: to stdout, or to a file, which is there whole or as it was before. */
export async function writeUsageCsv(options: UsageCsvOptions): Promise<void> {
  const search = usageCsvSearch(options, Date.now())
  const controlPlane = await connect(options)
  const csv = await controlPlane.download('usage.csv', search)
  const { output } = options
  if (output === undefined) return copy(csv, process.stdout)
  await writeFile(csv, output)
  printNote(`Wrote ${output}`)
}

/** @throws CommandFailed */
export function usageCsvSearch(options: UsageCsvOptions, now: number): URLSearchParams {
  const { since, from } = options
  if (since !== undefined && from !== undefined)
    throw new CommandFailed('Give --since or --from, not both', 2)
  const search = new URLSearchParams()
  for (const name of repeated) for (const value of options[name] ?? []) search.append(name, value)
  for (const name of single) {
    const value = options[name]
    if (value !== undefined) search.set(name, value)
  }
  if (from === undefined) search.set('from', pointInTime(since ?? '24h', 'ago', now))
  return search
}

/** Whoever reads stdout may have had enough: that is no failure of ours. */
async function copy(csv: Readable, to: Writable): Promise<void> {
  await pipeline(csv, to, { end: false }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw brokenOff(error)
  })
}

async function writeFile(csv: Readable, path: string): Promise<void> {
  const partial = `${path}.partial`
  try {
    await pipeline(csv, createWriteStream(partial))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    const reason = error as NodeJS.ErrnoException
    // Only what the file system refuses names a call of it.
    if (reason.syscall === undefined) throw brokenOff(reason)
    throw new CommandFailed(`${path} cannot be written: ${reason.message}`)
  }
}

function brokenOff({ message }: Error): CommandFailed {
  return new CommandFailed(`the control plane broke off its answer: ${message}`)
}

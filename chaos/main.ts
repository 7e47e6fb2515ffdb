import { readFlags, usage } from './flags.ts'
import { isKept, proveRecords } from './records.ts'

const progress = (line: string) => process.stderr.write(`${line}\n`)
const shownIds = 20

/** @returns the exit code */
async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return 0
  }
  progress(`seed ${flags.seed}`)
  const { verdict, differences } = await proveRecords(flags, progress)
  for (const [kind, ids] of Object.entries(differences)) {
    if (ids.length > 0) progress(`${kind}: ${ids.slice(0, shownIds).join(' ')}`)
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  return isKept(verdict) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  progress(error instanceof RangeError ? error.message : String(error instanceof Error ? error.stack : error))
  process.exitCode = 1
}

import { readFlags, usage } from './flags.ts'

const progress = (line: string) => process.stderr.write(`${line}\n`)
const shownCalls = 20

/** @returns the exit code */
async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (flags === 'help') {
    progress(usage)
    return 0
  }
  progress(`seed ${flags.seed}`)
  const { verdict, isKept, broken, listed = {} } = await flags.scenario.prove(flags, progress)
  for (const [kind, calls] of Object.entries(broken)) {
    if (calls.length > 0) progress([`${kind}:`, ...calls.slice(0, shownCalls)].join('\n  '))
  }
  for (const [kind, calls] of Object.entries(listed)) {
    if (calls.length > 0) progress([`${kind}:`, ...calls].join('\n  '))
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`)
  return isKept ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  process.exitCode = await main()
} catch (error) {
  progress(error instanceof RangeError ? error.message : String(error instanceof Error ? error.stack : error))
  process.exitCode = 1
}

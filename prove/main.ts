import { readFlags, usage } from './flags.ts'
import { proofs } from './proofs.ts'

const progress = (line: string) => process.stderr.write(`${line}\n`)

/** @returns the exit code */
async function main(): Promise<number> {
  const wanted = readFlags(process.argv.slice(2), proofs)
  if (wanted === 'help') progress(usage)
  else if (wanted === 'list') progress(proofs.map(({ name }) => name).join('\n'))
  if (typeof wanted === 'string') return 0
  let broken = 0
  for (const [at, proof] of wanted.entries()) {
    progress(`${at + 1} of ${wanted.length}: ${proof.name}`)
    for await (const verdict of proof.prove(progress)) {
      process.stdout.write(`${JSON.stringify(verdict)}\n`)
      if ('kept' in verdict && !verdict.kept) broken += 1
    }
  }
  return broken === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  process.exitCode = await main()
} catch (error) {
  progress(error instanceof RangeError ? error.message : String(error instanceof Error ? error.stack : error))
  process.exitCode = 1
}

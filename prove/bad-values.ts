import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tryAllBadValues } from '../test/control-plane/graphql/bad-values.ts'
import type { Progress, Tried } from './proof.ts'

const tests = [
  'test/control-plane/graphql/bad-input.test.ts',
  'test/control-plane/configuration-file/bad-document.test.ts',
]

export interface BadValuesVerdict extends Tried {
  readonly promise: string
}

/** Puts every bad value at every place of every mutation and of a configuration file; `npm test` tries a third. */
export async function proveBadValues(progress: Progress): Promise<BadValuesVerdict> {
  progress('every bad value at every place')
  const run = spawn('vitest', ['run', ...tests], {
    env: { ...process.env, [tryAllBadValues]: 'true' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of run.stdout) process.stderr.write(chunk)
  if (run.exitCode === null) await once(run, 'exit')
  return {
    promise: 'a bad value is refused by its name wherever it stands, and nothing is written',
    kept: run.exitCode === 0,
  }
}

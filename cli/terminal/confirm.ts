import { createInterface } from 'node:readline/promises'
import { CommandFailed } from '../client/failures.ts'

/** @throws CommandFailed unless the person at the terminal says yes; without a terminal `--yes` says it. */
export async function confirm(question: string, { yes }: { readonly yes?: boolean }): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw new CommandFailed(`${question} Nobody is there to ask: say it with --yes`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailed('Nothing was changed')
}

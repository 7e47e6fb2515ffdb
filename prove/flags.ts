import { parseArgs } from 'node:util'
import type { Proof } from './proof.ts'

export const usage = `npm run prove -- [options]

  --only <names>   only these, separated by commas
  --from <name>    this one and those after it: goes on where an earlier run was stopped
  --list           their names
  --help

One JSON line for each promise goes to stdout, progress to stderr. Exit code 1 when one was broken.`

/**
 * Which proofs are asked for.
 *
 * @throws RangeError that names the flag and what it takes.
 */
export function readFlags(
  args: readonly string[],
  proofs: readonly Proof[],
): readonly Proof[] | 'list' | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      from: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const find = (flag: string, name: string): Proof => {
    const found = proofs.find((proof) => proof.name === name)
    if (!found)
      throw new RangeError(`${flag} takes ${proofs.map((proof) => proof.name).join(', ')}, not "${name}"`)
    return found
  }
  const only = values.only?.split(',').map((name) => find('--only', name.trim()))
  const from = values.from === undefined ? 0 : proofs.indexOf(find('--from', values.from))
  return proofs.filter((proof, at) => at >= from && (only?.includes(proof) ?? true))
}

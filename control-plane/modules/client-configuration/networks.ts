import { NetworkRefused, parseNetwork } from '../../../contract/networks.ts'
import { BadUserInput } from '../../graphql/errors.ts'

/** A data plane looks a caller's address up in all of them. */
const mostNetworks = 200

/**
 * Addresses and networks in one notation, each once.
 *
 * @throws BadUserInput that names the entry and the way out.
 */
export function checkNetworks(field: string, entries: readonly string[]): string[] {
  if (entries.length > mostNetworks) {
    throw new BadUserInput(field, `must have at most ${mostNetworks} entries, not ${entries.length}`)
  }
  const checked = entries.map((entry, index) => checkNetwork(`${field}[${index}]`, entry))
  return [...new Set(checked)]
}

function checkNetwork(at: string, entry: string): string {
  try {
    const { address, prefixLength } = parseNetwork(entry)
    return entry.includes('/') ? `${address}/${prefixLength}` : address
  } catch (error) {
    if (!(error instanceof NetworkRefused)) throw error
    throw new BadUserInput(at, `"${entry.slice(0, 64)}" ${error.message}`)
  }
}

import type { ProviderCheck } from '../sign-in/provider-checks.ts'
import { DirectoryFailed } from './directory.ts'
import { type DirectorySettings, openDirectory } from './open.ts'

const limitMs = 30_000

/** Reads the first page of everything that a reconciliation would read. */
export async function checkDirectory(
  settings: DirectorySettings | null,
  now: () => number,
): Promise<ProviderCheck> {
  const name = 'directory'
  if (!settings) return { name, ok: true, message: 'Not tried: no directory is set up, see setDirectory' }
  try {
    const directory = openDirectory(settings, now)
    const signal = AbortSignal.timeout(limitMs)
    let people = 0
    for (const step of directory.first) people += (await directory.read(step, signal)).people?.length ?? 0
    if (people === 0)
      return {
        name,
        ok: false,
        message: 'The directory shows nobody: which permission does the credential lack?',
      }
    return { name, ok: true, message: `The directory answers: its first page has ${people} people` }
  } catch (error) {
    if (error instanceof DirectoryFailed) return { name, ok: false, message: error.message }
    return { name, ok: false, message: 'The directory did not answer in time' }
  }
}

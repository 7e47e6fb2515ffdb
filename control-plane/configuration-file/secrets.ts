import { BadUserInput } from '../graphql/errors.ts'

const mostSecrets = 1_000

interface NamedSecret {
  readonly name: string
  readonly value: string
}

/**
 * The secrets that come with a file, by name.
 *
 * @throws BadUserInput on one that no file could refer to, and on two of one name.
 */
export function checkSecrets(field: string, secrets: readonly NamedSecret[]): Map<string, string> {
  if (secrets.length > mostSecrets) {
    throw new BadUserInput(field, `must have at most ${mostSecrets} entries, not ${secrets.length}`)
  }
  const byName = new Map<string, string>()
  for (const [index, { name, value }] of secrets.entries()) {
    const at = `${field}[${index}]`
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
      throw new BadUserInput(
        `${at}.name`,
        'must have 1 to 128 letters, digits and _, and begin with no digit',
      )
    }
    if (!/^[!-~]{1,4096}$/.test(value)) {
      throw new BadUserInput(`${at}.value`, 'must have 1 to 4096 printable ASCII characters and no space')
    }
    if (byName.has(name)) throw new BadUserInput(`${at}.name`, `"${name}" is there twice`)
    byName.set(name, value)
  }
  return byName
}

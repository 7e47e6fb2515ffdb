import { type CredentialKind, credentialKinds } from '../../../contract/credential-kinds.ts'
import type { Actor } from '../../actor.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { CredentialLockout } from './errors.ts'
import type { ClientSettings } from './settings.ts'

/**
 * Kinds of credentials, in the order of all kinds: it says nothing, for each credential of a request is judged and two are
 * refused.
 *
 * @throws BadUserInput
 */
export function checkCredentialKinds(field: string, kinds: readonly CredentialKind[]): CredentialKind[] {
  const again = kinds.findIndex((kind, index) => kinds.indexOf(kind) < index)
  if (again >= 0) throw new BadUserInput(`${field}[${again}]`, `names "${kinds[again]}" twice`)
  if (kinds.length === 0) {
    throw new BadUserInput(field, `must name at least one of ${credentialKinds.join(', ')}`)
  }
  return credentialKinds.filter((kind) => kinds.includes(kind))
}

/** Nobody takes away the kind of credential by which they act. @throws CredentialLockout */
export function refuseLockout(
  { credential }: Actor,
  { acceptedCredentials }: Pick<ClientSettings, 'acceptedCredentials'>,
): void {
  if (credential !== null && !acceptedCredentials.includes(credential)) {
    throw new CredentialLockout(credential, acceptedCredentials)
  }
}

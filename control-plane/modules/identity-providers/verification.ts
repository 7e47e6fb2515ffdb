import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { requireRow } from '../../db/require-row.ts'
import { checkDirectory } from '../../directory/check.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import type { ProviderCheck } from '../../sign-in/relying-party.ts'
import { callbackUrl } from './addresses.ts'
import { describe } from './described-provider.ts'
import { type IdentityProvider, IdentityProviderEntity } from './entity.ts'
import { signInClientOf } from './relying-parties.ts'
import { directorySettingsOf, settingsOf } from './secret.ts'
import { lockProvider } from './service.ts'

export interface Verification {
  readonly provider: IdentityProvider
  readonly checks: readonly ProviderCheck[]
}

/**
 * Asks the provider, without signing anybody in, whether what is configured works. A failure keeps a disabled provider from
 * being enabled. It disables none, nor keeps it from being enabled again: a provider that is away for a while would lose its
 * sessions by it, and whoever asked would have disabled it without a second person.
 *
 * @throws NotFound
 */
export async function verifyIdentityProvider(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<Verification> {
  actor.require('identity_providers:update', { workspaceId: null })
  const found = await transactionOf(context, actor, (em) =>
    requireRow(em, IdentityProviderEntity, 'identity provider', id),
  )
  const relyingParty = signInClientOf(settingsOf(context.secrets, found), { now: context.now })
  const [signInChecks, directoryCheck] = await Promise.all([
    relyingParty.verify(callbackUrl(context.publicUrl, found)),
    checkDirectory(directorySettingsOf(context.secrets, found), context.now),
  ])
  const checks = [...signInChecks, directoryCheck]
  // Signing in needs no directory.
  const isVerified = signInChecks.every(({ ok }) => ok)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockProvider(em, id)
    // Whatever was changed meanwhile was not asked.
    if (provider.version === found.version) {
      if (isVerified) provider.verifiedAt = new Date(context.now())
      else if (!provider.enabled) provider.verifiedAt = null
    }
    await recordChange(context, em, actor, describe('identity_provider.verified', provider))
    return { provider, checks }
  })
}

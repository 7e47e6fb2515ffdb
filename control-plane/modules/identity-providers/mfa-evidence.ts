import type { Actor } from '../../actor.ts'
import { isMfa } from '../../sign-in/mfa-evidence.ts'
import type { MfaEvidence } from '../../sign-in/provider-kinds.ts'
import { checkValues, MfaLocksOut } from '../mfa/index.ts'
import type { IdentityProvider } from './entity.ts'
import { mfaEvidenceOf } from './secret.ts'

export interface MfaEvidenceInput {
  readonly trusted?: boolean | null | undefined
  readonly acrValues?: readonly string[] | null | undefined
  readonly amr?: readonly string[] | null | undefined
}

/**
 * Says anew what counts as MFA at a provider. Whoever has proved it there would lose their own proof by a list that leaves
 * it out, and with it perhaps the way to mend that.
 *
 * @throws BadUserInput, MfaLocksOut
 */
export function changeMfaEvidence(
  { signIn, assurance }: Actor,
  provider: IdentityProvider,
  input: MfaEvidenceInput | null,
): void {
  provider.mfaEvidence = input && checkedEvidence(input)
  const { proof } = assurance ?? {}
  if (signIn?.providerId !== provider.id || proof?.of !== 'session' || !proof.evidence.isMfa) return
  if (!isMfa(proof.evidence, mfaEvidenceOf(provider))) throw new MfaLocksOut('what would count as MFA')
}

/** @throws BadUserInput */
function checkedEvidence({ trusted, acrValues, amr }: MfaEvidenceInput): MfaEvidence {
  return {
    trusted: trusted ?? false,
    acrValues: checkValues('mfaEvidence.acrValues', acrValues ?? []),
    amr: checkValues('mfaEvidence.amr', amr ?? []),
  }
}

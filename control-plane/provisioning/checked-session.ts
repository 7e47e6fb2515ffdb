import { decodeJwt } from 'jose'
import type { SessionEndReason } from '../ended-sessions.ts'
import type { IdentityProvider } from '../modules/identity-providers/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { breakGlassProviderId, type Session, type SessionSecrets } from '../sessions/session.ts'
import type { Refresh, RenewedSecrets } from '../sessions/session-refresh.ts'
import { providerKinds } from '../sign-in/provider-kinds.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { Refreshed } from '../sign-in/relying-party.ts'
import type { AskedProviders } from './asked-providers.ts'
import { tellsRole } from './mapped-role.ts'
import { reprovisionUser } from './provision-user.ts'
import type { SessionEnds } from './session-end.ts'

/** What is known of a session before its provider is asked. */
export interface CheckedSession {
  readonly session: Session
  /** As it is now; undefined when it was deleted. */
  readonly provider: IdentityProvider | undefined
  readonly isUserActive: boolean
  /** It was ended, and its store knows nothing of that. */
  readonly hasEnded: boolean
}

export interface Checking {
  readonly services: ServiceContext
  readonly providers: AskedProviders
  readonly ends: SessionEnds
  /** A session that was confirmed no later than then, and cannot be now, ends. */
  readonly graceBefore: number
  /** Those that stood by a session of the batch no more, by their ids. */
  readonly refusing: Map<string, IdentityProvider>
  /** Ends the round between two sessions. */
  readonly signal: AbortSignal | undefined
}

/**
 * Asks the identity provider whether it still stands by a session, once however many control planes ask, and makes what it
 * says now hold: roles, teams, or the session's end. [S1-10]
 *
 * @returns whether the session is done with: it was checked or is over
 */
export async function checkSession(checking: Checking, checked: CheckedSession): Promise<boolean> {
  const { services, ends, graceBefore } = checking
  const { session, provider, isUserActive } = checked
  if (!isUserActive) await endAllOf(ends, session, 'user_inactive')
  else if (checked.hasEnded) await services.sessions.end(session)
  // It is nobody's to confirm: what could end it ends it at once.
  else if (session.providerId === breakGlassProviderId) {
    await services.sessions.withRefresh(session, async (secrets) => secrets)
  } else if (!provider) await ends.end(session, 'provider_deleted')
  else if (!provider.enabled) await ends.end(session, 'provider_disabled')
  else {
    const outcome = await services.sessions
      .withRefresh(session, refreshAt(checking, provider, session))
      .catch((error: unknown) => {
        note(services, session, error)
        return { session }
      })
    if (outcome === 'ended') return true
    const { checkedAt } = outcome === 'unavailable' ? session : outcome.session
    if (checkedAt > session.checkedAt) return true
    if (checkedAt > graceBefore) return false
    await ends.end(session, outcome === 'unavailable' ? 'idp_unreachable' : 'idp_answer_unusable')
  }
  return true
}

function refreshAt(checking: Checking, provider: IdentityProvider, session: Session): Refresh {
  const { services, providers, ends, refusing } = checking
  return async (secrets) => {
    const { refreshToken } = secrets
    // Without ID tokens there is none to compare; a provider's issuer never changes.
    const issuer = providerKinds[provider.kind].hasIdTokens ? issuerOf(secrets) : provider.issuer
    if (issuer !== provider.issuer) {
      // Another issuer must never see what this one gave.
      await ends.end(session, 'provider_changed')
      return 'refused'
    }
    // There is nothing to ask with: the session lasts until its end.
    if (refreshToken === null) return secrets
    let answer: Awaited<ReturnType<AskedProviders['refresh']>>
    try {
      answer = await providers.refresh(provider, refreshToken, { issuer, subject: session.subject })
    } catch (error) {
      note(services, session, error, providers.isNews(provider) ? 'warn' : 'debug')
      return 'unavailable'
    }
    if ('refused' in answer && answer.refused === 'provider_changed') {
      await ends.end(session, 'provider_changed')
      return 'refused'
    }
    if ('refused' in answer) {
      await ends.end(session, 'idp_refused')
      refusing.set(provider.id, provider)
      return 'refused'
    }
    const renewed: SessionSecrets = {
      idToken: answer.idToken ?? secrets.idToken,
      refreshToken: answer.refreshToken ?? refreshToken,
    }
    return evaluate(checking, { provider, session, renewed, answer })
  }
}

interface Answered {
  readonly provider: IdentityProvider
  readonly session: Session
  readonly renewed: SessionSecrets
  readonly answer: Refreshed
}

/** The new tokens are kept whatever goes wrong on our side: the former ones are used up. */
async function evaluate(
  { services, ends }: Checking,
  { provider, session, renewed, answer: { person } }: Answered,
): Promise<RenewedSecrets | 'refused'> {
  if (person === null) return renewed
  try {
    if (person instanceof SignInRefused) throw person
    if (!person.isComplete && !tellsRole(provider, person.claims)) return renewed
    await reprovisionUser(services, provider, person, session.userId)
    return renewed
  } catch (error) {
    if (error instanceof SignInRefused && (await endFor(ends, session, error))) return 'refused'
    note(services, session, error)
    return { ...renewed, isConfirmed: false }
  }
}

/** @returns false for a refusal that says nothing about the person */
async function endFor(ends: SessionEnds, session: Session, { code }: SignInRefused): Promise<boolean> {
  switch (code) {
    case 'user_not_authorized':
    case 'user_inactive':
      await endAllOf(ends, session, code)
      return true
    case 'user_unknown':
    case 'id_token_invalid':
    case 'hosted_domain_mismatch':
      await ends.end(session, code)
      return true
    default:
      return false
  }
}

/** Of the session's user, wherever they signed in. */
function endAllOf(
  ends: SessionEnds,
  { organizationId, providerId: id, userId }: Session,
  reason: SessionEndReason,
): Promise<void> {
  return ends.endOfUsers({ organizationId, id }, [{ userId, reason }])
}

/** Of the ID token that the session began with or was refreshed to; null when it cannot be read. */
function issuerOf({ idToken }: SessionSecrets): string | null {
  try {
    return decodeJwt(idToken).iss ?? null
  } catch {
    return null
  }
}

function note(
  { log }: ServiceContext,
  session: Session,
  error: unknown,
  level: 'warn' | 'debug' = 'warn',
): void {
  const { id: sessionId, providerId, organizationId } = session
  log[level]({ organizationId, sessionId, providerId, err: error }, 'a session could not be checked')
}

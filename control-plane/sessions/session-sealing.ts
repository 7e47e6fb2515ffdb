import Type from 'typebox'
import { parserOf } from '../../contract/validation.ts'
import { type SealedPlace, SealedValueRefused } from '../secrets/envelope.ts'
import type { Session, SessionSecrets } from './session.ts'
import type { SessionKeys } from './session-keys.ts'
import { providerSessionTagOf, type StoredSession, subjectTagOf } from './session-store.ts'

const parseSecrets = parserOf(
  'session secrets',
  Type.Object({ idToken: Type.String(), refreshToken: Type.Union([Type.String(), Type.Null()]) }),
)

const parseDetails = parserOf(
  'session details',
  Type.Object({
    digest: Type.String(),
    providerId: Type.String(),
    expiresAt: Type.Number(),
    subject: Type.String(),
    providerSessionId: Type.Union([Type.String(), Type.Null()]),
    createdAt: Type.Number(),
    authenticatedAt: Type.Union([Type.Number(), Type.Null()]),
    userAgent: Type.String(),
    address: Type.String(),
    authenticationMethods: Type.Array(Type.String()),
    authenticationClass: Type.Union([Type.String(), Type.Null()]),
    // Sessions of an earlier release have none.
    authenticationContexts: Type.Optional(Type.Array(Type.String())),
  }),
)

type SessionOwner = Pick<StoredSession, 'organizationId' | 'id' | 'userId'>

/** Turns sessions into what a store may see of them, and back. */
export class SessionSealing {
  readonly #keys: SessionKeys

  constructor(keys: SessionKeys) {
    this.#keys = keys
  }

  seal(session: Session, extra: { digest: string; endsAt: number; secrets: SessionSecrets }): StoredSession {
    const { organizationId, id, userId, providerId, subject, providerSessionId } = session
    const { lastSeenAt, expiresAt, checkedAt, secretsVersion } = session
    const { digest, endsAt } = extra
    const details = {
      ...{ digest, providerId, expiresAt, subject, providerSessionId },
      createdAt: session.createdAt,
      authenticatedAt: session.authenticatedAt,
      userAgent: session.userAgent,
      address: session.address,
      authenticationMethods: session.authenticationMethods,
      authenticationClass: session.authenticationClass,
      authenticationContexts: session.authenticationContexts,
    }
    return {
      ...{ organizationId, id, userId, providerId, digest, secretsVersion },
      ...{ lastSeenAt, endsAt, expiresAt, checkedAt },
      subjectTag: subjectTagOf(organizationId, providerId, subject),
      providerSessionTag:
        providerSessionId === null
          ? null
          : providerSessionTagOf(organizationId, providerId, providerSessionId),
      details: this.#keys.seal(placeOf(session, 'details'), JSON.stringify(details)),
      secrets: this.sealSecrets(session, extra.secrets),
      refreshingUntil: null,
    }
  }

  /**
   * Whoever can write to the store could otherwise give a session another owner, another cookie or a longer life: the
   * owner is bound to the ciphertext, the others are compared with what is in it.
   *
   * @throws SealedValueRefused when it was altered, or sealed under a key that is gone.
   */
  open(stored: StoredSession): Session {
    const details = parseDetails(this.#keys.open(placeOf(stored, 'details'), stored.details))
    const { digest, ...known } = details
    const isAsSealed =
      digest === stored.digest &&
      known.providerId === stored.providerId &&
      known.expiresAt === stored.expiresAt
    if (!isAsSealed) throw new SealedValueRefused(`session ${stored.id} was altered where it is stored`)
    const { organizationId, id, userId, lastSeenAt, checkedAt, secretsVersion } = stored
    const { authenticationContexts = [] } = known
    return {
      ...known,
      authenticationContexts,
      organizationId,
      id,
      userId,
      lastSeenAt,
      checkedAt,
      secretsVersion,
    }
  }

  sealSecrets(owner: SessionOwner, { idToken, refreshToken }: SessionSecrets): string {
    return this.#keys.seal(placeOf(owner, 'secrets'), JSON.stringify({ idToken, refreshToken }))
  }

  /** @throws SealedValueRefused */
  openSecrets(stored: StoredSession): SessionSecrets {
    return parseSecrets(this.#keys.open(placeOf(stored, 'secrets'), stored.secrets))
  }
}

function placeOf({ organizationId, id, userId }: SessionOwner, field: string): SealedPlace {
  return { organizationId, entity: 'sessions', field, id: `${id}/${userId}` }
}

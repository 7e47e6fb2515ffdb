import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import type { RequestFacts } from '../../authorization/circumstances.ts'
import { actorOfUser } from '../sessions/index.ts'
import { UserEntity } from '../users/index.ts'
import type { AccessChange } from './entity.ts'

/**
 * Whoever asked, with what they may do now. Access policies of now judge the circumstances of then; what had to be proved was
 * proved then.
 *
 * @returns undefined when they may do nothing at all any more
 */
export async function readRequester(
  em: EntityManager,
  { requesterPersonId, requestedAt }: AccessChange,
  facts: RequestFacts | undefined,
  now: number,
): Promise<Actor | undefined> {
  const user = await em.findOne(UserEntity, { id: requesterPersonId })
  if (!user) return undefined
  const { actor } = await actorOfUser(em, user, now, 'any', facts && atTheTime(facts, now - +requestedAt))
  return actor
}

/** They had signed in as long ago as that. */
function atTheTime({ address, session }: RequestFacts, passedMs: number): RequestFacts {
  if (!session || session.authenticatedAt === null) return { address, session }
  return { address, session: { ...session, authenticatedAt: session.authenticatedAt + passedMs } }
}

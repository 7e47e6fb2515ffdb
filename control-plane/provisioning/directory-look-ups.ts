import type { EntityManager } from '@mikro-orm/postgresql'
import type { Directory, Step } from '../directory/directory.ts'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'

const mostAtOnce = 100

/*
 * Where somebody may be on no page, those who would be switched off by it are asked for by name before they count as gone.
 * The step says from which subject on: who is to be asked for is found when it is its turn, a few at a time.
 */

const people = 'missing people'

/** What follows the pages. */
export function lookUpsOf({ lookUp }: Directory): readonly Step[] {
  return lookUp ? [{ of: people, after: '' }] : []
}

export function isLookUp({ of }: Step): boolean {
  return of === people
}

/** What is to be asked now, and what is left after that. */
export async function nextLookUp(
  em: EntityManager,
  run: DirectorySyncRun,
  directory: Directory,
  step: Step,
): Promise<readonly Step[]> {
  const subjects = await readMissing(em, run, String(step.after))
  const asked = directory.lookUp?.(subjects)
  return subjects.length > 0 && asked ? [asked, { ...step, after: subjects.at(-1) }] : []
}

/** Each is looked up, as found-people.ts says why. */
async function readMissing(
  em: EntityManager,
  run: DirectorySyncRun,
  after: string,
): Promise<readonly string[]> {
  if (run.trigger === 'import') return []
  const missing = await em.execute<{ subject: string }[]>(
    `select identity.subject from user_identities identity
     join users person on person.org_id = identity.org_id and person.id = identity.user_id
     where identity.org_id = ? and identity.provider_id = ? and identity.subject > ? and person.active and (
       select found.subject from directory_people found
       where found.org_id = identity.org_id and found.run_id = ? and found.subject = identity.subject) is null
     order by identity.subject limit ?`,
    [run.organizationId, run.providerId, after, run.id, mostAtOnce],
  )
  return missing.map(({ subject }) => subject)
}

import type { EntityManager } from '@mikro-orm/postgresql'
import type { Directory, Step } from '../directory/directory.ts'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'

const mostAtOnce = 100

/*
 * Where somebody may be on no page, or their roles, those who would lose something by it are asked for by name before it
 * counts. A step of these says from which subject on: what is to be asked is found when it is its turn, a few at a time.
 */

const people = 'missing people'
const values = 'missing values'

/** What follows the pages. */
export function lookUpsOf({ lookUp, lookUpValues }: Directory): readonly Step[] {
  return [
    ...(lookUp ? [{ of: people, after: '' }] : []),
    ...(lookUpValues ? [{ of: values, after: '' }] : []),
  ]
}

export function isLookUp({ of }: Step): boolean {
  return of === people || of === values
}

/** What is to be asked now, and what is left after that. */
export async function nextLookUp(
  em: EntityManager,
  run: DirectorySyncRun,
  directory: Directory,
  step: Step,
): Promise<readonly Step[]> {
  const isOfPeople = step.of === people
  const subjects = await readLosing(em, run, isOfPeople ? onNoPage : lacksValues, String(step.after))
  const asked = isOfPeople ? directory.lookUp?.(subjects) : directory.lookUpValues?.(subjects)
  return subjects.length > 0 && asked ? [asked, { ...step, after: subjects.at(-1) }] : []
}

/** Each is looked up, as found-people.ts says why. */
const found = `from directory_people found
  where found.org_id = identity.org_id and found.run_id = run.id and found.subject = identity.subject`

const onNoPage = `(select found.subject ${found}) is null`

/** What they have by this source is of claims that they have no value of. */
const lacksValues = `(select found.active ${found}) and (
    select value.subject from directory_values value
    where value.org_id = identity.org_id and value.run_id = run.id and value.subject = identity.subject limit 1) is null
  and (
    exists (select from role_assignments given join identity_providers provider on provider.org_id = given.org_id
      where given.org_id = identity.org_id and given.id = identity.role_assignment_id
        and provider.id = identity.provider_id and given.role_id is distinct from provider.default_role_id)
    or exists (select from memberships member where member.org_id = identity.org_id
      and member.user_id = identity.user_id and member.source = 'idp' and member.team_id is not null))`

async function readLosing(
  em: EntityManager,
  { organizationId, id, trigger }: DirectorySyncRun,
  condition: string,
  after: string,
): Promise<readonly string[]> {
  if (trigger === 'import') return []
  const losing = await em.execute<{ subject: string }[]>(
    `select identity.subject from directory_sync_runs run
     join user_identities identity on identity.org_id = run.org_id and identity.provider_id = run.provider_id
     join users person on person.org_id = identity.org_id and person.id = identity.user_id
     where run.org_id = ? and run.id = ? and identity.subject > ? and person.active and ${condition}
     order by identity.subject limit ?`,
    [organizationId, id, after, mostAtOnce],
  )
  return losing.map(({ subject }) => subject)
}

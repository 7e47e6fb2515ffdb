import type { EntityManager } from '@mikro-orm/postgresql'
import { type Directory, DirectoryFailed, type DirectoryPage, type Step } from '../directory/directory.ts'
import type { DirectorySyncRun } from '../modules/directory-sync/index.ts'
import type { LeasedRun } from './directory-lease.ts'
import { isLookUp, lookUpsOf, nextLookUp } from './directory-look-ups.ts'

const mostPages = 50_000
const mostPeople = 500_000
const mostSteps = 10_000
const pageLimitMs = 5 * 60_000
/** So many may be missing of all that a directory says it has, or so large a part: whoever comes while it is read is. */
const usualMissing = { people: 10, part: 0.1 } as const

/**
 * Reads a directory to its end into `directory_people`, page by page: each is kept together with what is to be read next,
 * so that whoever goes on after a crash begins with the page that is missing.
 *
 * @throws DirectoryFailed, LeaseLost
 */
export async function readDirectory(
  leased: LeasedRun,
  directory: Directory,
  signal: AbortSignal,
): Promise<void> {
  let todo = await leased.transaction(async (_em, run) => {
    run.state = 'reading'
    run.todo ??= [...directory.first, ...lookUpsOf(directory)]
    return run.todo
  })
  while (todo.length > 0) {
    signal.throwIfAborted()
    const [step, ...others] = todo as readonly [Step, ...Step[]]
    const limit = AbortSignal.any([signal, AbortSignal.timeout(pageLimitMs)])
    const page = isLookUp(step) ? null : await directory.read(step, limit)
    todo = await leased.transaction(async (em, run) => {
      if (page) return keepPage(em, run, page, others)
      // Of less than the whole nobody is asked for by name.
      refuseParts(run)
      run.todo = [...(await nextLookUp(em, run, directory, step)), ...others]
      return run.todo
    })
  }
  await leased.transaction(async (_em, run) => refuseParts(run))
}

async function keepPage(
  em: EntityManager,
  run: DirectorySyncRun,
  page: DirectoryPage,
  others: readonly Step[],
): Promise<readonly Step[]> {
  const { people = [], values = [], steps = [], expected } = page
  const todo = [...steps, ...others]
  const at = [run.organizationId, run.id]
  if (people.length > 0) {
    // The later word counts, as for somebody who moves from page to page while they are read.
    await em.execute(
      `insert into directory_people (org_id, run_id, subject, active, name, email, claims)
       select distinct on (subject) ?, ?, subject, active, name, email, claims
       from jsonb_to_recordset(?::jsonb) found (subject text, active boolean, name text, email text, claims jsonb)
       on conflict (org_id, run_id, subject) do update
         set active = excluded.active, name = excluded.name, email = excluded.email, claims = excluded.claims`,
      [...at, JSON.stringify(people)],
    )
    const [count] = await em.execute<{ people: number }[]>(
      'select count(*)::int as people from directory_people where org_id = ? and run_id = ?',
      at,
    )
    run.seen = count?.people ?? 0
  }
  if (values.length > 0) {
    await em.execute(
      `insert into directory_values (org_id, run_id, subject, claim, value)
       select ?, ?, subject, claim, value from jsonb_to_recordset(?::jsonb) found (subject text, claim text, value text)
       on conflict do nothing`,
      [...at, JSON.stringify(values)],
    )
  }
  if (expected !== undefined) run.expected = expected
  run.pages += 1
  run.todo = todo
  if (run.pages > mostPages || run.seen > mostPeople || todo.length > mostSteps) {
    throw new DirectoryFailed(
      'too_large',
      `The directory has more than ${mostPeople} people, or more groups than can be read`,
    )
  }
  return todo
}

/** Whoever is missing from a part is not gone. @throws DirectoryFailed */
function refuseParts({ seen, expected }: DirectorySyncRun): void {
  if (seen === 0) throw new DirectoryFailed('malformed', 'The directory shows nobody at all')
  const missing = expected === null ? 0 : expected - seen
  if (missing > Math.max(usualMissing.people, seen * usualMissing.part)) {
    throw new DirectoryFailed(
      'malformed',
      `The directory shows ${seen} people and says that it has ${expected}`,
    )
  }
}

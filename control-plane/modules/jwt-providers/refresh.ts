import type { Actor } from '../../actor.ts'
import type { BackgroundDependencies, BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { recordAudit } from '../audit/index.ts'
import { type JwtProvider, JwtProviderEntity } from './entity.ts'
import { JwtProviderHasNoUrl } from './errors.ts'
import { type Fetched, fetchKeys, keepFetched } from './fetched-keys.ts'
import { lockJwtProvider } from './service.ts'

type Keeping = Pick<BackgroundDependencies, 'database' | 'log' | 'now'>

/** So long may a key be believed that its issuer has withdrawn, and one be unknown that signs already. */
const everyMs = 60_000
/** For a key that nobody knows an issuer is asked no more often: whoever makes tokens up names one each time. */
const unknownEveryMs = 30_000
const intervalMs = 5_000

/**
 * Asks the issuer for its keys now: one that it withdrew is otherwise believed for up to a minute, or a day while its keys
 * cannot be fetched. What came of it is in the answer.
 *
 * @throws NotFound, JwtProviderHasNoUrl
 */
export async function refreshJwtProviderKeys(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<JwtProvider> {
  actor.require('identity_providers:update', { workspaceId: null })
  const asked = await transactionOf(context, actor, async (em) => {
    const provider = await lockJwtProvider(em, id)
    if (provider.jwksUrl === null) throw new JwtProviderHasNoUrl(provider.name)
    // An answer that is on its way already is from before, and is not kept.
    await em.execute('update jwt_providers set keys_asked_at = ? where org_id = ? and id = ?', [
      ...[new Date(context.now()), actor.organizationId, id],
    ])
    return provider
  })
  const fetched = await fetchKeys(asked)
  return transactionOf(context, actor, async (em) => {
    const provider = await lockJwtProvider(em, id)
    const subject = { kind: 'jwt_provider', id }
    const details = { name: provider.name, problem: fetched.problem }
    const entry = { type: 'jwt_provider.keys_refreshed', subject, details }
    await recordAudit(em, actor, entry, new Date(context.now()))
    return isAsAsked(provider, asked) ? keepFetched(context, em, provider, fetched) : provider
  })
}

/** Asks the issuer whether it has made a key since it was asked last. @returns whether it was asked now */
export async function askForUnknownKey(deps: Keeping, provider: JwtProvider): Promise<boolean> {
  const { organizationId, id } = provider
  const [asked] = await claimDue(deps, organizationId, { id, everyMs: unknownEveryMs })
  if (!asked) return false
  await fetchAndKeep(deps, asked)
  return true
}

/** Keeps the keys of enabled providers fresh, for as long as it runs; of several control planes one asks each time. */
export function startJwtProviderKeys(deps: BackgroundDependencies, pauseMs = intervalMs): BackgroundWork {
  const name = 'JWT provider keys'
  return startLoop({
    name,
    log: deps.log.child({ loop: name }),
    pauseMs,
    step: async () => {
      for (const organizationId of await deps.database.organizationIds()) {
        await refreshDueKeys(deps, organizationId)
      }
    },
  })
}

async function refreshDueKeys(deps: BackgroundDependencies, organizationId: string): Promise<void> {
  const due = await claimDue(deps, organizationId, { id: null, everyMs })
  await Promise.all(due.map((asked) => fetchAndKeep(deps, asked)))
}

async function fetchAndKeep(deps: Keeping, asked: JwtProvider): Promise<void> {
  const { organizationId, id } = asked
  const fetched = await fetchKeys(asked)
  const { problem } = fetched
  if (problem !== null) deps.log.warn({ organizationId, id, problem }, 'keys of a JWT provider')
  await keep(deps, asked, fetched)
}

interface Due {
  /** Null: any. */
  readonly id: string | null
  readonly everyMs: number
}

/** Those whose time has come. Whoever claims them leaves others nothing to ask until the next time. */
async function claimDue({ database, now }: Keeping, organizationId: string, { id, everyMs }: Due) {
  return database.transaction(organizationId, async (em) => {
    const at = now()
    const claimed = await em.execute<{ id: string }[]>(
      `update jwt_providers set keys_asked_at = ?
       where org_id = ? and id = coalesce(?::text, id) and enabled and jwks_url is not null
         and (keys_asked_at is null or keys_asked_at <= ?)
       returning id`,
      [new Date(at), organizationId, id, new Date(at - everyMs)],
    )
    return em.find(JwtProviderEntity, { id: { $in: claimed.map(({ id }) => id) } })
  })
}

async function keep(deps: Keeping, asked: JwtProvider, fetched: Fetched): Promise<void> {
  await deps.database.transaction(asked.organizationId, async (em) => {
    const [locked] = await em.execute<object[]>(
      'select id from jwt_providers where org_id = ? and id = ? for update',
      [asked.organizationId, asked.id],
    )
    if (!locked) return
    const provider = await em.findOneOrFail(JwtProviderEntity, { id: asked.id })
    const isNewest = provider.keysAskedAt?.getTime() === asked.keysAskedAt?.getTime()
    if (isNewest && isAsAsked(provider, asked)) await keepFetched(deps, em, provider, fetched)
  })
}

/** What was changed meanwhile was not asked. */
function isAsAsked(provider: JwtProvider, asked: JwtProvider): boolean {
  return provider.jwksUrl === asked.jwksUrl && provider.version === asked.version
}

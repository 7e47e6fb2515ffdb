import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow, requireRow } from '../../db/require-row.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type IdentityProvider, IdentityProviderEntity } from '../identity-providers/index.ts'
import { type DirectorySyncRun, DirectorySyncRunEntity, waitingRun } from './entity.ts'
import { DirectoryNotSetUp, DirectorySyncUnderWay, NothingToConfirm } from './errors.ts'
import { checkFilter, type GivenFilter } from './filter.ts'

export interface SyncDirectory {
  readonly identityProviderId: string
  readonly dryRun?: boolean | null | undefined
  /** A run that was held back: as many as in it may lose theirs. */
  readonly confirmsRunId?: string | null | undefined
}

export interface ImportDirectoryUsers {
  readonly identityProviderId: string
  readonly filter?: GivenFilter | null | undefined
}

/**
 * Has a provider's people held against its directory now; the run that it returns is done by whichever control plane is
 * the first to take it. [S1-04]
 *
 * @throws NotFound, DirectoryNotSetUp, DirectorySyncUnderWay, NothingToConfirm
 */
export function syncDirectory(
  context: ServiceContext,
  actor: Actor,
  { identityProviderId, dryRun, confirmsRunId }: SyncDirectory,
): Promise<DirectorySyncRun> {
  actor.require('identity_providers:update', organizationWide)
  return requestRun(context, actor, identityProviderId, async (em, provider) => ({
    trigger: 'request',
    dryRun: dryRun ?? false,
    allowedLeaving: confirmsRunId == null ? null : await heldBack(em, provider, confirmsRunId),
  }))
}

/**
 * Has users made of people in the directory who are none yet and to whom rules give a role. Whoever is one already stays
 * as they are. [X0-06]
 *
 * @throws NotFound, DirectoryNotSetUp, DirectorySyncUnderWay
 */
export function importDirectoryUsers(
  context: ServiceContext,
  actor: Actor,
  { identityProviderId, filter }: ImportDirectoryUsers,
): Promise<DirectorySyncRun> {
  actor.require('identity_providers:update', organizationWide)
  actor.require('users:create', organizationWide)
  const importFilter = checkFilter(filter)
  return requestRun(context, actor, identityProviderId, async () => ({ trigger: 'import', importFilter }))
}

const organizationWide = { workspaceId: null }

type Wanted = Pick<DirectorySyncRun, 'trigger'> &
  Partial<Pick<DirectorySyncRun, 'dryRun' | 'importFilter' | 'allowedLeaving'>>

function requestRun(
  context: ServiceContext,
  actor: Actor,
  providerId: string,
  describeRun: (em: EntityManager, provider: IdentityProvider) => Promise<Wanted>,
): Promise<DirectorySyncRun> {
  return transactionOf(context, actor, async (em) => {
    // Of two who ask at once, the later one finds the run of the earlier one.
    const provider = await lockRow(em, IdentityProviderEntity, 'identity provider', providerId)
    const wanted = await describeRun(em, provider)
    if (!provider.directory) throw new DirectoryNotSetUp(provider.name)
    const underWay = await em.findOne(DirectorySyncRunEntity, { providerId, finishedAt: null })
    if (underWay) throw new DirectorySyncUnderWay(underWay.id)
    const run = em.create(
      DirectorySyncRunEntity,
      waitingRun({
        ...wanted,
        ...{ id: newId('dsr'), organizationId: actor.organizationId, providerId },
        createdAt: new Date(context.now()),
      }),
    )
    const { id, trigger, dryRun, importFilter, allowedLeaving } = run
    const filter = importFilter && { search: importFilter.search, groups: [...importFilter.groups] }
    const details = { name: provider.name, runId: id, trigger, dryRun, filter, allowedLeaving }
    const subject = { kind: 'identity_provider', id: providerId }
    await recordChange(context, em, actor, { type: 'directory_sync.requested', subject, details })
    return run
  })
}

/** @throws NotFound, NothingToConfirm */
async function heldBack(
  em: EntityManager,
  { id: providerId }: IdentityProvider,
  runId: string,
): Promise<number> {
  await requireRow(em, DirectorySyncRunEntity, 'directory sync run', runId)
  const [last] = await em.find(DirectorySyncRunEntity, { providerId }, { orderBy: { id: 'desc' }, limit: 1 })
  if (last?.id !== runId || last.state !== 'guarded' || last.leaving === null)
    throw new NothingToConfirm(runId)
  return last.leaving
}

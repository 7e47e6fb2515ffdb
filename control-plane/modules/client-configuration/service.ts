import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange, recordChanges } from '../../change.ts'
import { checkVersion } from '../../db/require-row.ts'
import { ChangeNotPending, SecondPersonRequired } from '../../graphql/second-person.ts'
import { lockPolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { auditRefusal } from '../audit/index.ts'
import type { ClientConfigurationChange } from './change-entity.ts'
import {
  decide,
  describeChange,
  lockPendingChange,
  mayBeRequester,
  outdateChanges,
  reasonsForApproval,
  requestChange,
} from './changes.ts'
import { createClientConfiguration } from './create.ts'
import { refuseLockout } from './credentials.ts'
import { type ClientConfiguration, ClientConfigurationEntity } from './entity.ts'
import { ApprovalRequired } from './errors.ts'
import { checkChanges, type UpdateClientConfiguration } from './inputs.ts'
import { type ClientSettings, defaultSettings, namedSettings, settingsOf } from './settings.ts'
import { clientConfigurationSnapshot } from './snapshot.ts'

/** The settings with the version that an update may expect. */
export interface VersionedSettings extends Readonly<ClientSettings> {
  readonly version: number
}

/** The organization's settings, or the defaults while nobody has set any. */
export async function readClientConfiguration(
  context: ServiceContext,
  actor: Actor,
): Promise<VersionedSettings> {
  const { organizationId } = actor
  const row = await transactionOf(context, actor, (em) =>
    em.findOne(ClientConfigurationEntity, { organizationId }),
  )
  return row ?? { ...defaultSettings, version: 1 }
}

/**
 * Changes the settings at once, unless that needs a second person: then nothing changes, and what was asked for waits.
 *
 * @throws StaleUpdate, CredentialLockout, ApprovalRequired, TooManyPendingChanges
 */
export async function updateClientConfiguration(
  context: ServiceContext,
  actor: Actor,
  input: UpdateClientConfiguration,
): Promise<VersionedSettings> {
  actor.require('client_configuration:update', organizationWide)
  const changes = checkChanges(input)
  const { row, waiting } = await transactionOf(context, actor, async (em) => {
    const row = await lockConfiguration(em, actor)
    checkVersion(row, 'client configuration', row.id, input.expectedVersion)
    const before = settingsOf(row)
    const after = { ...before, ...changes }
    refuseLockout(actor, after)
    const widens = reasonsForApproval(before, after)
    if (widens.length > 0) {
      return { row, waiting: await requestChange(context, em, actor, row, { after, widens }) }
    }
    em.assign(row, changes)
    await recordChange(context, em, actor, describeUpdate(row, before), snapshotOf(row))
    await outdateChanges(context, em, actor.organizationId)
    return { row, waiting: undefined }
  })
  // Thrown behind the transaction, which has to keep what waits.
  if (waiting) throw new ApprovalRequired(waiting)
  return row
}

/**
 * Makes a change that somebody else asked for; whoever tries it with their own is on record.
 *
 * @throws NotFound, ChangeNotPending, SecondPersonRequired, CredentialLockout
 */
export function approveClientConfigurationChange(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<ClientConfigurationChange> {
  actor.require('client_configuration:approve', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    // In the order in which an update locks them.
    const row = await lockConfiguration(em, actor)
    const change = await lockPendingChange(context, em, id)
    if (change.configurationVersion !== row.version) throw new ChangeNotPending(id, 'stale')
    if (mayBeRequester(change, actor)) throw new SecondPersonRequired(id)
    refuseLockout(actor, change.after)
    const before = settingsOf(row)
    em.assign(row, change.after)
    decide(context, actor, change, 'approved')
    const entries = [
      describeChange('client_configuration.change_approved', change),
      describeUpdate(row, before),
    ]
    await recordChanges(context, em, actor, entries, snapshotOf(row))
    await outdateChanges(context, em, actor.organizationId)
    return change
  })
  const attempt = {
    type: 'client_configuration.change_approval_refused',
    subject: { kind: 'client_configuration_change', id },
  }
  const isOwnChange = (error: unknown) => error instanceof SecondPersonRequired
  return auditRefusal(context, actor, attempt, isOwnChange, work)
}

/** Ends a change that waits; whoever asked for it may do so too. @throws NotFound, ChangeNotPending */
export function rejectClientConfigurationChange(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<ClientConfigurationChange> {
  actor.require('client_configuration:approve', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const change = await lockPendingChange(context, em, id)
    decide(context, actor, change, 'rejected')
    await recordChange(context, em, actor, describeChange('client_configuration.change_rejected', change))
    return change
  })
}

const organizationWide = { workspaceId: null }

/** The organization's row is locked first, so that only one configuration is ever made for it. */
async function lockConfiguration(em: EntityManager, actor: Actor): Promise<ClientConfiguration> {
  const { organizationId } = actor
  await lockPolicyOwner(em, actor, { kind: 'organization', id: organizationId })
  const row = await em.findOne(
    ClientConfigurationEntity,
    { organizationId },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  )
  if (row) return row
  const created = createClientConfiguration(em, organizationId)
  await em.flush()
  return created
}

function describeUpdate(row: ClientConfiguration, before: ClientSettings) {
  return {
    type: 'client_configuration.updated',
    subject: { kind: 'client_configuration', id: row.id },
    details: { before: namedSettings(before), after: namedSettings(row) },
  }
}

function snapshotOf(row: ClientConfiguration) {
  return { upserts: [clientConfigurationSnapshot(row)] }
}

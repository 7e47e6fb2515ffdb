import type { EntityManager } from '@mikro-orm/postgresql'
import { canonicalJson, type Json } from '../../../contract/canonical.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow } from '../../db/require-row.ts'
import { ChangeNotPending, TooManyPendingChanges } from '../../graphql/second-person.ts'
import type { Clock } from '../../service-context.ts'
import {
  type ChangeState,
  type ClientConfigurationChange,
  ClientConfigurationChangeEntity,
} from './change-entity.ts'
import type { ClientConfiguration } from './entity.ts'
import { type ClientSettings, namedSettings, settingsOf } from './settings.ts'
import { findWidening } from './widening.ts'

/** Longer than a weekend with a holiday, and then it is looked at anew. */
const longestWaitMs = 7 * 24 * 60 * 60 * 1000
const mostPending = 20

export type ChangeStatus = ChangeState | 'expired'

export function statusOf({ state, expiresAt }: ClientConfigurationChange, now: number): ChangeStatus {
  return state === 'pending' && expiresAt.getTime() <= now ? 'expired' : state
}

/** The rows of a status. */
export function conditionOf(status: ChangeStatus, now: number) {
  const at = new Date(now)
  if (status === 'pending') return { state: status, expiresAt: { $gt: at } }
  if (status === 'expired') return { state: 'pending' as const, expiresAt: { $lte: at } }
  return { state: status }
}

/** Why a change needs a second person, in words for them; empty when it needs none. [S1-45] */
export function reasonsForApproval(before: ClientSettings, after: ClientSettings): string[] {
  if (!before.requireApprovalForHeaderChanges) return []
  const widening = findWidening(before, after)
  if (after.requireApprovalForHeaderChanges) return widening
  return [...widening, 'header changes would need nobody’s approval any more']
}

/**
 * Puts a change before a second person. Whoever asks for the same again gets the change that waits.
 *
 * @throws TooManyPendingChanges
 */
export async function requestChange(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  row: ClientConfiguration,
  wanted: Pick<ClientConfigurationChange, 'after' | 'widens'>,
): Promise<ClientConfigurationChange> {
  const requestedAt = new Date(clock.now())
  const pending = await em.find(ClientConfigurationChangeEntity, {
    ...conditionOf('pending', clock.now()),
    configurationVersion: row.version,
  })
  const same = pending.find(
    (change) => change.requesterPersonId === actor.personId && isSame(change.after, wanted.after),
  )
  if (same) return same
  if (pending.length >= mostPending) throw new TooManyPendingChanges(String(mostPending))
  const change = em.create(ClientConfigurationChangeEntity, {
    ...wanted,
    id: newId('ccc'),
    organizationId: actor.organizationId,
    configurationVersion: row.version,
    before: settingsOf(row),
    state: 'pending',
    requester: partyOf(actor),
    requesterPersonId: actor.personId,
    requesterShownTo: actor.shownTo,
    decider: null,
    requestedAt,
    expiresAt: new Date(requestedAt.getTime() + longestWaitMs),
    decidedAt: null,
  })
  await recordChange(clock, em, actor, describeChange('client_configuration.change_requested', change))
  return change
}

/** Whether one person may be behind both: whoever issued a token for somebody knows its secret as they do. */
export function mayBeRequester(change: ClientConfigurationChange, { personId, shownTo }: Actor): boolean {
  const { requesterPersonId, requesterShownTo } = change
  return [personId, shownTo].some(
    (one) => one !== null && (one === requesterPersonId || one === requesterShownTo),
  )
}

/**
 * The change of this id, locked, if it can still be decided.
 *
 * @throws NotFound, ChangeNotPending
 */
export async function lockPendingChange(
  clock: Clock,
  em: EntityManager,
  id: string,
): Promise<ClientConfigurationChange> {
  const change = await lockRow(em, ClientConfigurationChangeEntity, 'client configuration change', id)
  const status = statusOf(change, clock.now())
  if (status !== 'pending') throw new ChangeNotPending(id, status)
  return change
}

export function decide(
  clock: Clock,
  actor: Actor,
  change: ClientConfigurationChange,
  state: 'approved' | 'rejected',
): void {
  Object.assign(change, { state, decider: partyOf(actor), decidedAt: new Date(clock.now()) })
}

/** What was asked for when the configuration was another one would take back, unseen, what was changed since. */
export async function outdateChanges(
  { now }: Clock,
  em: EntityManager,
  organizationId: string,
): Promise<void> {
  await em.execute(
    `update client_configuration_changes change set state = 'stale'
     from client_configurations configuration
     where change.org_id = ? and configuration.org_id = change.org_id
       and change.state = 'pending' and change.expires_at > ?
       and change.configuration_version <> configuration.version`,
    [organizationId, new Date(now())],
  )
}

export function describeChange(
  type: string,
  { id, requester, widens, before, after }: ClientConfigurationChange,
) {
  const details = { requesterId: requester.id, widens, fields: fieldsOfChange({ before, after }) }
  return { type, subject: { kind: 'client_configuration_change', id }, details }
}

/** No interface, which would be no JSON to an audit event. */
export type SettingChange = { readonly field: string; readonly before: Json; readonly after: Json }

/** What would become of each setting that changes. */
export function fieldsOfChange({
  before,
  after,
}: Pick<ClientConfigurationChange, 'before' | 'after'>): SettingChange[] {
  const present = namedSettings(before)
  return Object.entries(namedSettings(after)).flatMap(([field, value]) => {
    const old = present[field] ?? null
    return isSame(old, value) ? [] : [{ field, before: old, after: value }]
  })
}

function isSame(one: object | Json, other: object | Json): boolean {
  return canonicalJson(one as Json) === canonicalJson(other as Json)
}

function partyOf({ kind, id, name }: Actor) {
  return { kind, id, name }
}

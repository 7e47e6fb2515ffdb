import type { EntityManager } from '@mikro-orm/postgresql'
import { keyOf } from '../../../contract/configuration/entities.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkConcurrency, checkName } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { providerSecretPlace } from './credentials.ts'
import { ProviderEntity } from './entity.ts'
import { type ProviderKey, ProviderKeyEntity } from './provider-key-entity.ts'
import { organizationWide } from './service.ts'
import { providerKeySnapshot } from './snapshot.ts'

const maximumSecretLength = 4_096
const maximumWeight = 1_000_000

export interface AddProviderKey {
  readonly providerId: string
  readonly name: string
  readonly secret: string
  readonly weight?: number | null | undefined
  readonly maxConcurrentCalls?: number | null | undefined
}

export interface UpdateProviderKey extends ExpectedVersion {
  readonly id: string
  readonly name?: string | null | undefined
  readonly weight?: number | null | undefined
  readonly active?: boolean | null | undefined
  /** Null: any number. */
  readonly maxConcurrentCalls?: number | null | undefined
}

export interface RotateProviderKey {
  readonly id: string
  readonly secret: string
}

/** @throws NotFound, NameTaken */
export function addProviderKey(
  context: ServiceContext,
  actor: Actor,
  input: AddProviderKey,
): Promise<ProviderKey> {
  actor.require('provider_keys:create', organizationWide)
  const name = checkName('name', input.name)
  const weight = checkWeight(input.weight ?? 1)
  const maxConcurrentCalls = checkConcurrency(input.maxConcurrentCalls, null)
  const secret = checkSecret(input.secret)
  const work = transactionOf(context, actor, async (em) => {
    const provider = await requireRow(em, ProviderEntity, 'provider', input.providerId)
    const key = em.create(ProviderKeyEntity, {
      id: newId('pk'),
      organizationId: actor.organizationId,
      providerId: provider.id,
      name,
      weight,
      active: true,
      maxConcurrentCalls,
      ...sealSecret(context, actor, secret),
      createdAt: new Date(context.now()),
      exposedAt: null,
    })
    await record(context, em, actor, 'provider_key.added', key)
    return key
  })
  return refuseViolations(keyViolations(name, input.providerId), work)
}

/** @throws NotFound, NameTaken */
export function updateProviderKey(
  context: ServiceContext,
  actor: Actor,
  input: UpdateProviderKey,
): Promise<ProviderKey> {
  actor.require('provider_keys:update', organizationWide)
  const work = transactionOf(context, actor, async (em) => {
    const key = await lockKey(em, input.id, input)
    key.name = checkName('name', input.name ?? key.name)
    key.weight = checkWeight(input.weight ?? key.weight)
    key.active = input.active ?? key.active
    key.maxConcurrentCalls = checkConcurrency(input.maxConcurrentCalls, key.maxConcurrentCalls)
    await record(context, em, actor, 'provider_key.updated', key)
    return key
  })
  return refuseViolations(keyViolations(input.name ?? ''), work)
}

/**
 * Gives a key a new secret, under a new credential id, so that every data plane knows which one it holds.
 *
 * @throws NotFound
 */
export function rotateProviderKey(
  context: ServiceContext,
  actor: Actor,
  input: RotateProviderKey,
): Promise<ProviderKey> {
  actor.require('provider_keys:update', organizationWide)
  const secret = checkSecret(input.secret)
  return transactionOf(context, actor, async (em) => {
    const key = await lockKey(em, input.id)
    em.assign(key, { ...sealSecret(context, actor, secret), exposedAt: null })
    await record(context, em, actor, 'provider_key.rotated', key)
    return key
  })
}

/** @throws NotFound; InUse while a virtual key's provider configuration names it by its id. */
export function removeProviderKey(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<{ id: string }> {
  actor.require('provider_keys:delete', organizationWide)
  return transactionOf(context, actor, async (em) => {
    const key = await lockKey(em, id)
    const named = [actor.organizationId, JSON.stringify([id])]
    const users = await em.execute<unknown[]>(
      `select from provider_configs where org_id = ? and provider_key_ids @> ?::jsonb
       union all select from profile_provider_configs where org_id = ? and provider_key_ids @> ?::jsonb limit 1`,
      [...named, ...named],
    )
    if (users.length > 0) throw new InUse('provider key', 'virtual keys or access profiles that name it')
    em.remove(key)
    await recordChange(context, em, actor, describe('provider_key.removed', key), {
      upserts: [],
      removals: [keyOf(providerKeySnapshot(key))],
    })
    return { id }
  })
}

/** A virtual key that is about to name this key holds a share lock on it, so that one of the two waits. */
function lockKey(em: EntityManager, id: string, expected: ExpectedVersion = {}): Promise<ProviderKey> {
  return lockRow(em, ProviderKeyEntity, 'provider key', id, expected)
}

function sealSecret({ secrets }: ServiceContext, { organizationId }: Actor, secret: string) {
  const credentialId = newId('cred')
  const place = providerSecretPlace(organizationId, credentialId)
  return { credentialId, sealedSecret: secrets.sealValue(place, secret) }
}

/** What may stand in an HTTP header, RFC 9110 §5.5. The message never repeats it. */
function checkSecret(secret: string): string {
  if (secret.length === 0 || secret.length > maximumSecretLength || !/^[\x21-\x7e]+$/.test(secret)) {
    throw new BadUserInput(
      'secret',
      `must be 1 to ${maximumSecretLength} printable ASCII characters, no spaces`,
    )
  }
  return secret
}

function checkWeight(weight: number): number {
  if (weight > 0 && weight <= maximumWeight) return weight
  throw new BadUserInput('weight', `must be above 0 and at most ${maximumWeight}, not ${weight}`)
}

function keyViolations(name: string, providerId?: string) {
  return {
    unique: { provider_keys_name_key: () => new NameTaken('key of this provider', name) },
    ...(providerId !== undefined && { referenced: () => new NotFound('provider', providerId) }),
  }
}

function record(
  context: ServiceContext,
  em: EntityManager,
  actor: Actor,
  type: string,
  key: ProviderKey,
): Promise<void> {
  return recordChange(context, em, actor, describe(type, key), { upserts: [providerKeySnapshot(key)] })
}

function describe(type: string, key: ProviderKey) {
  const { id, providerId, name, weight, active, credentialId, maxConcurrentCalls } = key
  return {
    type,
    subject: { kind: 'provider_key', id },
    details: { providerId, name, weight, active, credentialId, maxConcurrentCalls },
  }
}

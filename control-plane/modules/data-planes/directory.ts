import type { KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { JWK } from 'jose'
import type { ReportedPlugin } from './entity.ts'
import { publicKeyOf } from './public-keys.ts'

/** A data plane and the key that what it may know is encrypted to. */
export interface SealingRecipient {
  readonly id: string
  /** X25519. */
  readonly sealingKey: JWK
}

/** The data planes that receive credentials, and the ids of those that do no more. */
export async function listRecipients(
  em: EntityManager,
  organizationId: string,
): Promise<{ readonly enrolled: readonly SealingRecipient[]; readonly revoked: readonly string[] }> {
  const rows = await em.execute<(SealingRecipient & { isRevoked: boolean })[]>(
    `select id, sealing_key as "sealingKey", revoked_at is not null as "isRevoked" from data_planes
     where org_id = ? order by id`,
    [organizationId],
  )
  return {
    enrolled: rows.filter(({ isRevoked }) => !isRevoked).map(({ id, sealingKey }) => ({ id, sealingKey })),
    revoked: rows.filter(({ isRevoked }) => isRevoked).map(({ id }) => id),
  }
}

/** The Ed25519 keys of the data planes that may speak, by data plane. A revoked one has none. */
export async function readSigningKeys(
  em: EntityManager,
  organizationId: string,
): Promise<ReadonlyMap<string, KeyObject>> {
  const rows = await em.execute<{ id: string; signingKey: JWK }[]>(
    `select id, signing_key as "signingKey" from data_planes where org_id = ? and revoked_at is null`,
    [organizationId],
  )
  return new Map(rows.map(({ id, signingKey }) => [id, publicKeyOf(signingKey)]))
}

export interface DataPlaneKeys {
  /** Verifies what it says. */
  readonly signingKey: KeyObject
  /** What it may know is encrypted to this. */
  readonly sealingKey: JWK
  /** It may say who it is, and nothing else. */
  readonly isRevoked: boolean
}

export async function readPublicKeys(
  em: EntityManager,
  organizationId: string,
  dataPlaneId: string,
): Promise<DataPlaneKeys | undefined> {
  const [row] = await em.execute<{ signingKey: JWK; sealingKey: JWK; isRevoked: boolean }[]>(
    `select signing_key as "signingKey", sealing_key as "sealingKey", revoked_at is not null as "isRevoked"
     from data_planes where org_id = ? and id = ?`,
    [organizationId, dataPlaneId],
  )
  return row && { ...row, signingKey: publicKeyOf(row.signingKey) }
}

/** Reports come every ten seconds: one that is silent for longer is gone, and what it said last says nothing. */
const reportingWithinMs = 30_000

/**
 * How many data planes say that they refuse the newest configuration.
 *
 * @param now Milliseconds since the epoch.
 */
export async function countRefusingDataPlanes(
  em: EntityManager,
  organizationId: string,
  now: number,
): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    `select count(*) from data_planes
     where org_id = ? and revoked_at is null and apply_status = 'refused' and last_seen_at > ?`,
    [organizationId, new Date(now - reportingWithinMs)],
  )
  return Number(row?.count)
}

/** Every plugin that some data plane of the organization has loaded, with the schema it reported last. */
export async function listReportedPlugins(
  em: EntityManager,
  organizationId: string,
): Promise<readonly ReportedPlugin[]> {
  const rows = await em.execute<{ plugins: ReportedPlugin[] }[]>(
    `select plugins from data_planes
     where org_id = ? and revoked_at is null and last_seen_at is not null order by last_seen_at`,
    [organizationId],
  )
  const latest = new Map(rows.flatMap(({ plugins }) => plugins).map((plugin) => [plugin.name, plugin]))
  return [...latest.values()]
}

export interface NamedDataPlane {
  readonly id: string
  readonly name: string
}

/** The data planes that have not said that they believe this signing key of ours. */
export async function listDataPlanesWithoutKey(
  em: EntityManager,
  organizationId: string,
  keyId: string,
): Promise<NamedDataPlane[]> {
  return em.execute<NamedDataPlane[]>(
    `select id, name from data_planes
     where org_id = ? and revoked_at is null and not coalesce(trusted_keys @> ?::jsonb, false) order by id`,
    [organizationId, JSON.stringify(keyId)],
  )
}

import { setTimeout as delay } from 'node:timers/promises'
import { GraphQLError } from 'graphql'
import type { Version } from '../../../contract/configuration/documents.ts'
import type { Actor } from '../../actor.ts'
import type { Database } from '../../db/database.ts'
import { checkInteger } from '../../input.ts'
import { readVersion } from '../../publisher/revisions.ts'
import type { ServiceContext } from '../../service-context.ts'

/** How many data planes have to say that they run what was changed. */
export type Quorum = 'NONE' | 'QUORUM' | 'ALL'

export interface Confirmation {
  readonly waitFor?: Quorum | null | undefined
  readonly waitSeconds?: number | null | undefined
}

export const usualWaitSeconds = 5
export const longestWaitSeconds = 20
/** Each look is a transaction: often enough to be felt as at once, and no more. */
const lookIntervalMs = 100

interface Coverage {
  readonly confirmed: number
  readonly dataPlanes: number
}

/** The change is made; what is missing is the word of some data planes. */
export class NotYetApplied extends GraphQLError {
  constructor({ confirmed, dataPlanes, waitSeconds }: Coverage & { readonly waitSeconds: number }) {
    super(
      `The change is made and on its way, but only ${confirmed} of ${dataPlanes} data planes have confirmed it within ${waitSeconds} seconds: see dataPlanes { lag nack { reason } } for those that are behind, and revoke a data plane that is gone for good. A revocation may be repeated, which waits again`,
      { extensions: { code: 'NOT_YET_APPLIED', confirmed, dataPlanes } },
    )
  }
}

interface Wait {
  readonly waitFor: Quorum
  readonly waitSeconds: number
}

/**
 * Asked before the change, so that a bad wait changes nothing.
 *
 * @throws BadUserInput
 */
function checkConfirmation({ waitFor, waitSeconds }: Confirmation): Wait {
  const bounds = { minimum: 1, maximum: longestWaitSeconds }
  return {
    waitFor: waitFor ?? 'NONE',
    waitSeconds: checkInteger('waitSeconds', waitSeconds ?? usualWaitSeconds, bounds),
  }
}

/**
 * Makes a change and waits until data planes run it, as its input asks.
 *
 * @throws NotYetApplied, BadUserInput and whatever `change` throws
 */
export async function confirmed<T>(
  context: ServiceContext,
  actor: Actor,
  confirmation: Confirmation,
  change: () => Promise<T>,
): Promise<T> {
  const { changed, missing, wait } = await changeAndWait(context, actor, confirmation, change)
  if (missing) throw new NotYetApplied({ ...missing, waitSeconds: wait.waitSeconds })
  return changed
}

/**
 * As {@link confirmed}, for a change whose answer must not be lost: it says how many data planes have not confirmed.
 *
 * @throws BadUserInput and whatever `change` throws
 */
export async function confirmedOrCounted<T extends object>(
  context: ServiceContext,
  actor: Actor,
  confirmation: Confirmation,
  change: () => Promise<T>,
): Promise<T & { readonly unconfirmed: number }> {
  const { changed, missing } = await changeAndWait(context, actor, confirmation, change)
  return { ...changed, unconfirmed: missing ? missing.dataPlanes - missing.confirmed : 0 }
}

async function changeAndWait<T>(
  context: ServiceContext,
  actor: Actor,
  confirmation: Confirmation,
  change: () => Promise<T>,
) {
  const wait = checkConfirmation(confirmation)
  const changed = await change()
  return { changed, wait, missing: await untilConfirmed(context, actor, wait) }
}

/**
 * Waits until data planes have said that they run what is committed by now.
 *
 * @returns how far they had come when the time was over; undefined when they have.
 */
async function untilConfirmed(
  { database }: ServiceContext,
  { organizationId }: Actor,
  { waitFor, waitSeconds }: Wait,
): Promise<Coverage | undefined> {
  if (waitFor === 'NONE') return undefined
  const deadline = performance.now() + waitSeconds * 1_000
  const version = await database.transaction(organizationId, (em) => readVersion(em, organizationId))
  for (;;) {
    const coverage = await readCoverage(database, organizationId, version)
    if (coverage.confirmed >= needed(waitFor, coverage.dataPlanes)) return undefined
    if (performance.now() >= deadline) return coverage
    await delay(lookIntervalMs)
  }
}

function needed(waitFor: 'QUORUM' | 'ALL', dataPlanes: number): number {
  if (waitFor === 'ALL' || dataPlanes === 0) return dataPlanes
  return Math.floor(dataPlanes / 2) + 1
}

/** Without a version nothing was ever changed, and every data plane runs that. */
function readCoverage(
  database: Database,
  organizationId: string,
  version: Version | undefined,
): Promise<Coverage> {
  return database.transaction(organizationId, async (em) => {
    const [row] = await em.execute<Record<keyof Coverage, string>[]>(
      `select count(*) as "dataPlanes",
         count(*) filter (where (applied_epoch, applied_revision) >= (?::integer, ?::bigint)) as confirmed
       from data_planes where org_id = ? and revoked_at is null`,
      [version?.epoch ?? 0, version?.revision ?? 0, organizationId],
    )
    return { confirmed: Number(row?.confirmed ?? 0), dataPlanes: Number(row?.dataPlanes ?? 0) }
  })
}

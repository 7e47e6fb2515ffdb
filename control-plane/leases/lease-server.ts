import type { KeyObject } from 'node:crypto'
import { canonicalJson } from '../../contract/canonical.ts'
import {
  type LeaseGrant,
  type LeaseReply,
  type LeaseRequest,
  parseLeaseRequest,
} from '../../contract/leases.ts'
import { open, SignatureRefused, type Signers, sealByAll } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { LeaseRequestEntry } from '../../transport/lease-channel.ts'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { startLoop } from '../background/loop.ts'
import { isDataError } from '../db/data-error.ts'
import { readSigningKeys } from '../modules/data-planes/index.ts'
import { forgetRequests } from './forget-requests.ts'
import { grantLeases } from './grant-leases.ts'

const waitMs = 1_000
const forgetIntervalMs = 60 * 60 * 1000

/** Answers the data planes' requests for leases for as long as it runs. Any number of control planes share them. */
export function startLeaseServer(deps: BackgroundDependencies): BackgroundWork {
  const log = deps.log.child({ loop: 'leases' })
  const server = { ...deps, log }
  const answering = startLoop({
    name: 'leases',
    log,
    pauseMs: 0,
    step: async () => {
      const organizationIds = await deps.database.organizationIds()
      const entries = await deps.transport.leases.read(organizationIds, waitMs)
      const byOrganization = Map.groupBy(entries, ({ organizationId }) => organizationId)
      const organizations = [...byOrganization]
      await Promise.all(organizations.map(([id, requests]) => answerAll(server, id, requests)))
    },
  })
  const forgetting = startLoop({
    name: 'old lease requests',
    log,
    pauseMs: forgetIntervalMs,
    step: async () => {
      for (const organizationId of await deps.database.organizationIds()) {
        await forgetRequests(deps.database, organizationId, deps.now())
      }
    },
  })
  return {
    async stop() {
      await Promise.all([answering.stop(), forgetting.stop()])
    },
  }
}

/** One that the database refuses must not keep the others waiting. */
async function answerAll(
  deps: BackgroundDependencies,
  organizationId: string,
  entries: readonly LeaseRequestEntry[],
): Promise<void> {
  try {
    await answer(deps, organizationId, entries)
  } catch (error) {
    if (!isDataError(error)) throw error
    const [only, ...others] = entries
    if (only && others.length === 0) return refuse(deps, only, error)
    for (const entry of entries) await answerAll(deps, organizationId, [entry])
  }
}

/** What fails here is asked again, by its data plane or by the transport, and then finds its grants. */
async function answer(
  deps: BackgroundDependencies,
  organizationId: string,
  entries: readonly LeaseRequestEntry[],
): Promise<void> {
  const { database, secrets, now } = deps
  const { asked, refused, grants, signers } = await database.transaction(organizationId, async (em) => {
    const opened = openAll(entries, await readSigningKeys(em, organizationId))
    const requests = opened.asked.map(({ request }) => request)
    const grants = await grantLeases(em, organizationId, requests, now())
    return { ...opened, grants, signers: await secrets.signers.read(em) }
  })
  await Promise.all([
    ...refused.map(({ entry, reason }) => refuse(deps, entry, reason)),
    ...asked.map(({ entry, request }, index) =>
      reply(deps, entry, { request, grants: grants[index] ?? [], signers }),
    ),
  ])
}

async function refuse({ log, transport }: BackgroundDependencies, entry: LeaseRequestEntry, reason: Error) {
  const { organizationId } = entry
  log.warn({ organizationId, reason: reason.message }, 'refused a lease request')
  await transport.leases.discard(entry)
}

interface Answer {
  readonly request: LeaseRequest
  readonly grants: readonly LeaseGrant[]
  readonly signers: Signers
}

async function reply(
  { transport }: BackgroundDependencies,
  entry: LeaseRequestEntry,
  { request: { id: requestId, dataPlaneId }, grants, signers }: Answer,
): Promise<void> {
  const document: LeaseReply = { format: 1, requestId, dataPlaneId, grants: [...grants] }
  const sealed = sealByAll('gatehouse/lease-reply', canonicalJson(document), signers)
  await transport.leases.reply(entry, dataPlaneId, sealed)
}

interface Opened {
  readonly asked: { readonly entry: LeaseRequestEntry; readonly request: LeaseRequest }[]
  readonly refused: { readonly entry: LeaseRequestEntry; readonly reason: Error }[]
}

function openAll(entries: readonly LeaseRequestEntry[], keys: ReadonlyMap<string, KeyObject>): Opened {
  const opened: Opened = { asked: [], refused: [] }
  for (const entry of entries) {
    const request = openRequest(entry, keys)
    if (request instanceof Error) opened.refused.push({ entry, reason: request })
    else opened.asked.push({ entry, request })
  }
  return opened
}

function openRequest(
  { organizationId, body }: LeaseRequestEntry,
  keys: ReadonlyMap<string, KeyObject>,
): LeaseRequest | SignatureRefused | ContractViolation {
  try {
    const { payload, keyId } = open('gatehouse/lease-request', body, (id) => keys.get(id))
    const request = parseLeaseRequest(payload)
    if (request.organizationId === organizationId && request.dataPlaneId === keyId) return request
    return new SignatureRefused(`${keyId} signed a request that is not its own`)
  } catch (error) {
    if (error instanceof SignatureRefused || error instanceof ContractViolation) return error
    throw error
  }
}

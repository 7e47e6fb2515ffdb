import type { KeyObject } from 'node:crypto'
import { canonicalJson } from '../../contract/canonical.ts'
import { type LeaseReply, type LeaseRequest, parseLeaseRequest } from '../../contract/leases.ts'
import { open, SignatureRefused, sealByAll } from '../../contract/signed.ts'
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
      await Promise.all([...byOrganization.values()].map((requests) => answerInOrder(server, requests)))
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

async function answerInOrder(deps: BackgroundDependencies, entries: readonly LeaseRequestEntry[]) {
  for (const entry of entries) await answer(deps, entry)
}

/** What fails here is asked again, by its data plane or by the transport, and then finds its grants. */
async function answer(deps: BackgroundDependencies, entry: LeaseRequestEntry): Promise<void> {
  const { database, transport, secrets, log, now } = deps
  const { organizationId } = entry
  const work = database.transaction(organizationId, async (em) => {
    const request = openRequest(entry, await readSigningKeys(em, organizationId))
    if (request instanceof Error) return request
    return { request, grants: await grantLeases(em, request, now()), signers: await secrets.signers.read(em) }
  })
  const answered = await work.catch((error: unknown) => {
    if (isDataError(error)) return error
    throw error
  })
  if (answered instanceof Error) {
    log.warn({ organizationId, reason: answered.message }, 'refused a lease request')
    return transport.leases.discard(entry)
  }
  const { request, grants, signers } = answered
  const { dataPlaneId } = request
  const reply: LeaseReply = { format: 1, requestId: request.id, dataPlaneId, grants: [...grants] }
  const document = sealByAll('gatehouse/lease-reply', canonicalJson(reply), signers)
  await transport.leases.reply(entry, dataPlaneId, document)
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

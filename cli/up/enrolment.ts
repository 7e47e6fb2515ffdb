import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemActor } from '../../control-plane/actor.ts'
import { createEnrolmentToken } from '../../control-plane/modules/data-planes/index.ts'
import type { ServiceContext } from '../../control-plane/service-context.ts'
import { IdentityStore } from '../../data-plane/config/identity.ts'

const TOKEN_TTL_SECONDS = 600

export function stateDirectoryOf(dataDir: string): string {
  return join(dataDir, 'data-plane')
}

/** What our own data plane needs to enrol; undefined when it is enrolled with this organization already. */
export async function enrolmentToken(
  services: ServiceContext,
  organizationId: string,
  dataDir: string,
): Promise<string | undefined> {
  const stateDirectory = stateDirectoryOf(dataDir)
  const { identity } = await IdentityStore.open(stateDirectory)
  if (identity?.organizationId === organizationId) return undefined
  // It served another database, whose configuration and journal mean nothing to this one.
  if (identity !== undefined) await rm(stateDirectory, { recursive: true })
  const actor = systemActor(organizationId)
  const { token } = await createEnrolmentToken(services, actor, { ttlSeconds: TOKEN_TTL_SECONDS })
  return token
}

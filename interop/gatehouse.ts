import { newMasterKey, startControlPlane } from '../bench/planes.ts'
import type { Stores } from '../bench/stores.ts'

/** The control plane as an operator runs it, and what an administrator asks of it. */
export interface Gatehouse {
  readonly url: string
  readonly organizationId: string
  ask<T>(document: string, variables?: object): Promise<T>
}

/** @param certificateFile whom the control plane trusts besides the usual authorities */
export async function startGatehouse(stores: Stores, certificateFile: string): Promise<Gatehouse> {
  const { organizationId, adminToken } = stores
  const { url } = await startControlPlane(stores, {
    GATEHOUSE_MASTER_KEY: newMasterKey(),
    NODE_EXTRA_CA_CERTS: certificateFile,
    SESSION_CHECK_MINUTES: '1',
    SESSION_STORE: 'redis',
  })
  return {
    ...{ url, organizationId },
    async ask(document, variables = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` },
        body: JSON.stringify({ query: document, variables }),
      })
      const { data, errors } = (await response.json()) as { data?: Record<string, unknown>; errors?: unknown }
      const [result] = Object.values(data ?? {})
      const refused = result as { readonly code?: string; readonly message?: string } | undefined
      if (result == null || refused?.code !== undefined) {
        throw new Error(`Gatehouse refuses: ${JSON.stringify(errors ?? refused)}`)
      }
      return result as never
    },
  }
}

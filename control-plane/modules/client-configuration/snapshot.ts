import type { ClientConfiguration as ClientConfigurationDocument } from '../../../contract/configuration/entities.ts'
import type { ClientConfiguration } from './entity.ts'

/** What asks for nothing goes unsaid, which a data plane of the release before understands. */
export function clientConfigurationSnapshot(row: ClientConfiguration): ClientConfigurationDocument {
  return {
    kind: 'client_configuration',
    id: row.id,
    allowedOrigins: row.allowedOrigins,
    allowedHeaders: row.allowedHeaders,
    headerFilter: {
      allowlist: row.forwardAllowlist,
      denylist: row.forwardDenylist,
      forwardDirect: row.forwardDirect,
    },
    ...(row.requiredHeaders.length > 0 && { requiredHeaders: row.requiredHeaders }),
    ...(row.ipAllowlist.length > 0 && { ipAllowlist: row.ipAllowlist }),
    ...(row.trustedProxies.length > 0 && { trustedProxies: row.trustedProxies }),
    ...(row.maxStalenessSeconds !== null && { maxStalenessSeconds: row.maxStalenessSeconds }),
    ...(row.showBudgetAmounts && {
      showBudgetAmounts: true as const,
      advisory: ['showBudgetAmounts' as const],
    }),
    ...(row.rolesGovernInference && { rolesGovernInference: true as const }),
  }
}

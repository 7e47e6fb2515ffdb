import type { IdentityProvider } from './entity.ts'

/** What the audit log says of a provider: all but its secrets. */
export function describe(type: string, provider: IdentityProvider) {
  const { id, name, kind, issuer, clientId, enabled, verifiedAt, createsUsers, roleResolution } = provider
  const { roleRules, defaultRoleId, teamRules, teamWorkspaceId, businessUnitRules, mfaEvidence } = provider
  const { scopes, hostedDomain, endpoints, trustedNetworks } = provider
  const details = {
    ...{
      name,
      kind,
      issuer,
      clientId,
      enabled,
      createsUsers,
      roleResolution,
      defaultRoleId,
      teamWorkspaceId,
      hostedDomain,
    },
    ...{ scopes, trustedNetworks, endpoints: endpoints && { ...endpoints } },
    verifiedAt: verifiedAt?.toISOString() ?? null,
    mfaEvidence: mfaEvidence && { ...mfaEvidence },
    roleRules: roleRules.map(({ claim, value, roleId }) => ({ claim, value, roleId })),
    teamRules: teamRules.map(({ claim, value, team }) => ({ claim, value, team })),
    businessUnitRules: businessUnitRules.map((rule) => ({ ...rule })),
  }
  return { type, subject: { kind: 'identity_provider', id }, details }
}

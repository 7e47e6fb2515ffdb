import type { EntityManager } from '@mikro-orm/postgresql'
import {
  type IdentityProvider,
  mfaEvidenceOf,
  type TestSignInResult,
  type TriedPerson,
  type TriedRule,
  UserIdentityEntity,
} from '../modules/identity-providers/index.ts'
import { UserEntity } from '../modules/users/index.ts'
import type { ServiceContext } from '../service-context.ts'
import { mapBusinessUnits } from '../sign-in/business-unit-mapping.ts'
import { readClaim } from '../sign-in/claims.ts'
import { authenticationOf, evidenceOf } from '../sign-in/mfa-evidence.ts'
import { providerKinds } from '../sign-in/provider-kinds.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { type MappingRule, mapDefaultRole, mapTeams, matchingValues } from '../sign-in/role-mapping.ts'
import { readBusinessUnits } from './mapped-business-units.ts'
import { readRoleRanks, roleFor } from './mapped-role.ts'

/** What signing in would make of somebody, of which nothing is done. */
export function trySignIn(
  { database, now }: ServiceContext,
  provider: IdentityProvider,
  { subject, claims }: Pick<SignedIn, 'subject' | 'claims'>,
): Promise<TestSignInResult> {
  return database.transaction(provider.organizationId, async (em) => {
    const identity = await em.findOne(UserIdentityEntity, { providerId: provider.id, subject })
    const ranks = await readRoleRanks(em)
    const mapped = roleFor({ ...provider, defaultRoleId: null }, claims, ranks)
    const roleId = mapped ?? mapDefaultRole(provider.defaultRoleId, ranks)
    const { names, isClaimPresent } = mapTeams(claims, provider.teamRules)
    const units = mapBusinessUnits(claims, provider.businessUnitRules, await readBusinessUnits(em, provider))
    const mfa = mfaEvidenceOf(provider)
    const person: TriedPerson = {
      ...{ subject, claims, userId: identity?.userId ?? null },
      ...{ roleId, isDefaultRole: mapped === null && roleId !== null },
      roleRules: provider.roleRules.map((rule) => tried(claims, rule)),
      ...{ teams: names, areTeamsKnown: isClaimPresent && provider.teamWorkspaceId !== null },
      teamRules: provider.teamRules.map((rule) => tried(claims, rule)),
      ...{ businessUnitIds: units.ids, unknownBusinessUnits: units.unknown },
      businessUnitRules: provider.businessUnitRules.map((rule) => tried(claims, rule)),
      evidence: evidenceOf(
        authenticationOf(providerKinds[provider.kind].hasIdTokens ? claims : {}, mfa, now()),
        mfa,
      ),
    }
    return { person, refusal: await refusalOf(em, provider, person) }
  })
}

function tried<Rule extends MappingRule>(claims: SignedIn['claims'], rule: Rule): TriedRule<Rule> {
  return { ...rule, found: readClaim(claims, rule.claim), matched: matchingValues(claims, rule) }
}

/** As signing in would refuse them; a user whose e-mail address is taken shows when they are made. */
async function refusalOf(
  em: EntityManager,
  { createsUsers }: IdentityProvider,
  { userId, roleId }: Pick<TriedPerson, 'userId' | 'roleId'>,
): Promise<TestSignInResult['refusal']> {
  if (roleId === null) {
    return {
      code: 'user_not_authorized',
      message: 'No role rule gives a role, and neither does the default role',
    }
  }
  if (userId === null) {
    return createsUsers
      ? null
      : { code: 'user_unknown', message: 'They are no user yet, and the provider makes nobody a user' }
  }
  const user = await em.findOne(UserEntity, { id: userId })
  return user?.active ? null : { code: 'user_inactive', message: 'The user is switched off' }
}

import fc from 'fast-check'
import { keyMutations, profileMutations, providerMutations } from './access-mutations.ts'
import { hierarchyMutations } from './hierarchy-mutations.ts'
import { policyMutations } from './policy-mutations.ts'
import type { Draw, Perform, Tenant } from './tenant.ts'

const mutations: Readonly<Record<string, Perform>> = {
  ...hierarchyMutations,
  ...keyMutations,
  ...profileMutations,
  ...providerMutations,
  ...policyMutations,
}

export const mutationNames: readonly string[] = Object.keys(mutations)

const makes = mutationNames.filter((name) => /^(create|issue|import|add|set|enrol)/.test(name))

const pick = fc.nat(11)

export const draw: fc.Arbitrary<Draw> = fc.record({
  mutation: fc.oneof(fc.constantFrom(...makes), fc.constantFrom(...mutationNames)),
  picks: fc.tuple(pick, pick, pick, pick),
})

/** What most mutations need to find. */
export const groundwork: readonly Draw[] = [
  { mutation: 'createCustomer', picks: [0, 0, 0, 0] },
  { mutation: 'createBusinessUnit', picks: [0, 0, 0, 0] },
  { mutation: 'createTeam', picks: [0, 1, 0, 0] },
  { mutation: 'createUser', picks: [0, 1, 0, 0] },
  { mutation: 'createProvider', picks: [0, 0, 0, 0] },
  { mutation: 'addProviderKey', picks: [0, 0, 0, 0] },
  { mutation: 'issueVirtualKey', picks: [0, 1, 0, 2] },
  { mutation: 'createAccessProfile', picks: [0, 0, 0, 2] },
]

/** What a random sequence seldom comes to. */
export const seldomAccepted: readonly Draw[] = [
  { mutation: 'createCustomer', picks: [2, 0, 0, 0] },
  { mutation: 'createCustomer', picks: [3, 0, 0, 0] },
  { mutation: 'deleteCustomer', picks: [0, 0, 0, 0] },
  { mutation: 'createProvider', picks: [1, 1, 0, 0] },
  { mutation: 'addProviderKey', picks: [3, 0, 0, 0] },
  { mutation: 'removeProviderKey', picks: [0, 0, 0, 0] },
  { mutation: 'createModel', picks: [0, 0, 0, 0] },
  { mutation: 'updateModel', picks: [1, 0, 0, 0] },
  { mutation: 'deleteModel', picks: [0, 0, 0, 0] },
  { mutation: 'createAccessProfile', picks: [0, 0, 0, 2] },
  { mutation: 'createAccessProfile', picks: [1, 0, 0, 2] },
  { mutation: 'deleteAccessProfile', picks: [0, 0, 0, 0] },
  { mutation: 'deleteProvider', picks: [0, 0, 0, 0] },
  { mutation: 'createWorkspace', picks: [1, 0, 0, 0] },
  { mutation: 'deleteWorkspace', picks: [0, 0, 0, 0] },
]

/** @throws Refusal, BadUserInput; any other error is a bug. */
export async function perform(tenant: Tenant, { mutation, picks }: Draw): Promise<void> {
  await mutations[mutation]?.(tenant, picks)
}

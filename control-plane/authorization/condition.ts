import { type CelInput, CelScalar, celEnv, celFunc, isCelError, mapType, plan } from '@bufbuild/cel'
import { RE2JS } from 're2js'
import { type ContainsAddress, compileNetworks, plainAddress } from '../../contract/networks.ts'
import type { Circumstances, ResourceFacts } from './circumstances.ts'
import { ConditionRefused, checkCondition, longestList } from './condition-language.ts'

/** Whether a condition holds; undefined when it cannot be told. */
export type Judge = (circumstances: Circumstances, resource?: ResourceFacts) => boolean | undefined

export interface CompiledCondition {
  readonly judge: Judge
  /** Whether the answer depends on the thing that is acted on. */
  readonly usesResource: boolean
}

type Values = Record<string, CelInput>

const mostCompiled = 1_000
const record = mapType(CelScalar.STRING, CelScalar.DYN)
const environment = celEnv({
  variables: { request: record, session: record, actor: record, resource: record },
  re2: { compile: (pattern) => expressionOf(pattern) },
  funcs: [
    celFunc('inNetwork', [CelScalar.STRING, CelScalar.STRING], CelScalar.BOOL, (address, network) =>
      networkOf(network)(address),
    ),
  ],
})
type Plan = (variables: Values) => unknown

const conditions = new Map<string, CompiledCondition>()
const networks = new Map<string, ContainsAddress>()
const expressions = new Map<string, { test(text: string): boolean }>()

/**
 * A condition, ready to be asked. The same text is compiled once.
 *
 * @throws ConditionRefused
 */
export function compileCondition(text: string): CompiledCondition {
  return remembered(conditions, text, () => {
    const { parsed, usesResource } = checkCondition(text)
    const run = plan(environment, parsed) as Plan
    const answer = run(sample)
    if (isCelError(answer)) throw new ConditionRefused(`cannot be evaluated: ${answer.message.slice(0, 200)}`)
    if (typeof answer !== 'boolean') throw new ConditionRefused('must be true or false, not another value')
    return { judge: (circumstances, resource) => judge(run, circumstances, resource), usesResource }
  })
}

/** Nothing that a condition does goes on: an error is no answer. */
function judge(
  run: Plan,
  circumstances: Circumstances,
  resource: ResourceFacts | undefined,
): boolean | undefined {
  const answer = run({ ...valuesOf(circumstances), ...(resource && { resource: resourceValues(resource) }) })
  return typeof answer === 'boolean' ? answer : undefined
}

const known = new WeakMap<Circumstances, Values>()

/** Made once for a request, however many conditions it meets. */
function valuesOf(circumstances: Circumstances): Values {
  const present = known.get(circumstances)
  if (present) return present
  const { subject, facts, now } = circumstances
  const actor = {
    ...{ kind: subject.kind, id: subject.id, userId: subject.userId ?? '' },
    ...{
      teamIds: subject.teamIds.slice(0, longestList),
      roleIds: [...subject.roleIds].slice(0, longestList),
    },
  }
  const values: Values = { actor, ...(facts && factValues(facts, now)) }
  known.set(circumstances, values)
  return values
}

/** An address that is none, and what is not known of a session, are left out: to read them is an error. */
function factValues({ address, session }: NonNullable<Circumstances['facts']>, now: number): Values {
  const ip = plainAddress(address)
  const provedAt = session?.authenticatedAt ?? null
  const signedIn = {
    ...{ signedIn: session !== null, mfa: session?.isMfa ?? false },
    ...{ amr: session?.authenticationMethods.slice(0, longestList) ?? [] },
    acr: session?.authenticationClass ?? '',
    ...(provedAt !== null && { secondsSinceSignIn: BigInt(Math.floor((now - provedAt) / 1000)) }),
  }
  return { request: ip === undefined ? {} : { ip }, session: signedIn }
}

function resourceValues({ id, workspaceId, userId, teamId, customerId }: ResourceFacts): Values {
  return {
    ...{ id: id ?? '', workspaceId: workspaceId ?? '' },
    ...{ ownerUserId: userId ?? '', ownerTeamId: teamId ?? '', ownerCustomerId: customerId ?? '' },
  }
}

/** Of every field a value of its kind, to try a condition with. */
const sample: Values = {
  request: { ip: '192.0.2.1' },
  session: { signedIn: true, mfa: true, amr: ['mfa'], acr: 'urn:sample', secondsSinceSignIn: 1n },
  actor: { kind: 'user', id: 'user_1', userId: 'user_1', teamIds: ['team_1'], roleIds: ['role_1'] },
  resource: {
    ...{ id: 'vk_1', workspaceId: 'ws_1', ownerUserId: 'user_1', ownerTeamId: '', ownerCustomerId: '' },
  },
}

function networkOf(network: string): ContainsAddress {
  return remembered(networks, network, () => compileNetworks([network]))
}

/** A part of a text is enough, as the language says. */
function expressionOf(pattern: string) {
  return remembered(expressions, pattern, () => {
    const compiled = RE2JS.compile(pattern)
    return { test: (text: string) => compiled.matcher(text).find() }
  })
}

/** Anew from the beginning once there are as many as are kept. */
function remembered<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const present = kept.get(key)
  if (present !== undefined) return present
  if (kept.size >= mostCompiled) kept.clear()
  const made = make()
  kept.set(key, made)
  return made
}

import { type CelInput, CelScalar, celEnv, celFunc, isCelError, plan } from '@bufbuild/cel'
import { RE2JS } from 're2js'
import { type ContainsAddress, compileNetworks, plainAddress } from '../../contract/networks.ts'
import type { Circumstances, ResourceFacts } from './circumstances.ts'
import {
  ConditionRefused,
  checkCondition,
  conditionFields,
  longestList,
  presenceOf,
  type Root,
} from './condition-language.ts'

/** Whether a condition holds; undefined when it cannot be told. */
export type Judge = (circumstances: Circumstances, resource?: ResourceFacts) => boolean | undefined

export interface CompiledCondition {
  readonly judge: Judge
  /** Whether the answer depends on the thing that is acted on. */
  readonly usesResource: boolean
}

type Values = Record<string, CelInput>

const mostCompiled = 1_000
/** Each field is a variable of its own: to read it from a map takes the library ten times as long. */
const variables = new Map(
  Object.entries(conditionFields).map(([root, fields]) => [
    root,
    fields.map((field) => ({ field, name: `${root}.${field}`, presence: presenceOf(root, field) })),
  ]),
)
const names = [...variables.values()].flat().flatMap(({ name, presence }) => [name, presence])
const environment = celEnv({
  variables: Object.fromEntries(names.map((name) => [name, CelScalar.DYN])),
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
    const { parsed, reads, usesResource } = checkCondition(text)
    const run = plan(environment, parsed) as Plan
    const answer = run(valuesAbout(reads, sample, sampleResource))
    if (isCelError(answer)) throw new ConditionRefused(`cannot be evaluated: ${answer.message.slice(0, 200)}`)
    if (typeof answer !== 'boolean') throw new ConditionRefused('must be true or false, not another value')
    return { judge: judgeOf(run, reads), usesResource }
  })
}

/** Nothing that a condition does goes on: an error is no answer. */
function judgeOf(run: Plan, reads: readonly string[]): Judge {
  return (circumstances, resource) => {
    const values = valuesOf(circumstances)
    const answer = run(resource ? valuesAbout(reads, values, resource) : values)
    return typeof answer === 'boolean' ? answer : undefined
  }
}

/** Of a request and of the thing, what is read: all of it would take longer than the answer. */
function valuesAbout(reads: readonly string[], known: Values, resource: ResourceFacts): Values {
  const values: Values = {}
  for (const name of reads) {
    const value = resourceValues.get(name)?.(resource) ?? known[name]
    if (value !== undefined) values[name] = value
  }
  return values
}

const resourceFields: Readonly<
  Record<(typeof conditionFields)['resource'][number], (resource: ResourceFacts) => string>
> = {
  id: ({ id }) => id ?? '',
  workspaceId: ({ workspaceId }) => workspaceId ?? '',
  ownerUserId: ({ userId }) => userId ?? '',
  ownerTeamId: ({ teamId }) => teamId ?? '',
  ownerCustomerId: ({ customerId }) => customerId ?? '',
}
const resourceValues = new Map<string, (resource: ResourceFacts) => CelInput>(
  conditionFields.resource.flatMap((field) => [
    [`resource.${field}`, resourceFields[field]],
    [presenceOf('resource', field), () => true],
  ]),
)

const valuesOfRequests = new WeakMap<Circumstances, Values>()

/** Made once for a request, however many conditions it meets. */
function valuesOf(circumstances: Circumstances): Values {
  const present = valuesOfRequests.get(circumstances)
  if (present) return present
  const { subject, facts, now } = circumstances
  const actor = fieldsOf('actor', {
    ...{ kind: subject.kind, id: subject.id, userId: subject.userId ?? '' },
    ...{
      teamIds: subject.teamIds.slice(0, longestList),
      roleIds: [...subject.roleIds].slice(0, longestList),
    },
  })
  const values: Values = { ...actor, ...(facts && factValues(facts, now)) }
  valuesOfRequests.set(circumstances, values)
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
  return { ...fieldsOf('request', ip === undefined ? {} : { ip }), ...fieldsOf('session', signedIn) }
}

function fieldsOf<Name extends Root>(
  root: Name,
  fields: { readonly [Field in (typeof conditionFields)[Name][number]]?: CelInput },
): Values {
  const given: Readonly<Record<string, CelInput | undefined>> = fields
  const values: Values = {}
  for (const { field, name, presence } of variables.get(root) ?? []) {
    const value = given[field]
    if (value !== undefined) values[name] = value
    values[presence] = value !== undefined
  }
  return values
}

/** Of every field a value of its kind, to try a condition with. */
const sample: Values = {
  ...fieldsOf('request', { ip: '192.0.2.1' }),
  ...fieldsOf('session', {
    ...{ signedIn: true, mfa: true, amr: ['mfa'], acr: 'urn:sample', secondsSinceSignIn: 1n },
  }),
  ...fieldsOf('actor', {
    ...{ kind: 'user', id: 'user_1', userId: 'user_1', teamIds: ['team_1'], roleIds: ['role_1'] },
  }),
}
const sampleResource: ResourceFacts = {
  ...{ id: 'vk_1', workspaceId: 'ws_1', userId: 'user_1', teamId: null, customerId: null },
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

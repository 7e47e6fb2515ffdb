import { builder } from '../../graphql/builder.ts'
import type { RequestContext } from '../../graphql/context.ts'
import { listPage, type PageArguments } from '../../graphql/pagination.ts'
import { transactionOf } from '../../service-context.ts'
import { type VirtualKey, VirtualKeyEntity } from './entity.ts'
import { findBreaches, type LintCode, type LintInput, lintCodes, lintCondition, lintRules } from './lint.ts'
import { VirtualKeyFilterInput } from './list-graphql.ts'
import { VirtualKeyType } from './types.ts'

const LintSeverityType = builder.enumType('LintSeverity', {
  description: 'How much a finding matters.',
  values: {
    LOW: { value: 'low', description: 'Worth a thought.' },
    MEDIUM: { value: 'medium', description: 'To be put right.' },
    HIGH: { value: 'high', description: 'What a stolen key would do most harm by.' },
  } as const,
})

const LintCodeType = builder.enumType('VirtualKeyLintCode', {
  description: 'What makes a key reach further than one application needs.',
  values: Object.fromEntries(
    lintCodes.map((code) => [code, { value: code, description: lintRules[code].message }]),
  ) as Record<LintCode, { value: LintCode; description: string }>,
})

const FindingType = builder.objectRef<LintCode>('VirtualKeyFinding').implement({
  description: 'One way in which a key is too broad.',
  fields: (t) => ({
    code: t.field({ type: LintCodeType, description: 'What it is.', resolve: (code) => code }),
    severity: t.field({
      type: LintSeverityType,
      description: 'How much it matters.',
      resolve: (code) => lintRules[code].severity,
    }),
    message: t.string({
      description: 'What it is, for a person.',
      resolve: (code) => lintRules[code].message,
    }),
    advice: t.string({ description: 'What to do.', resolve: (code) => lintRules[code].advice }),
  }),
})

interface LintedKey {
  readonly id: string
  readonly virtualKey: VirtualKey
  readonly findings: readonly LintCode[]
}

const LintedKeyType = builder.objectRef<LintedKey>('LintedVirtualKey').implement({
  description: 'A key that is too broad, and why.',
  fields: (t) => ({
    virtualKey: t.expose('virtualKey', { type: VirtualKeyType, description: 'The key.' }),
    findings: t.field({
      type: [FindingType],
      description: 'What is wrong with it, the most severe first; also what is below the asked severity.',
      resolve: ({ findings }) => [...findings],
    }),
  }),
})

async function lintPage(context: RequestContext, page: PageArguments, input: LintInput) {
  const { services, actor } = context
  const now = services.now()
  const listed = await listPage(context, VirtualKeyEntity, page, { where: lintCondition(input, now) })
  const keys = listed.edges.flatMap((edge) => edge?.node ?? [])
  const ids = keys.map(({ id }) => id)
  const breaches = await transactionOf(services, actor, (em) => findBreaches(em, ids, input, now))
  return {
    ...listed,
    edges: listed.edges.map((edge) => edge && { ...edge, node: linted(edge.node, breaches) }),
  }
}

function linted(virtualKey: VirtualKey, breaches: ReadonlyMap<string, readonly LintCode[]>): LintedKey {
  return { id: virtualKey.id, virtualKey, findings: breaches.get(virtualKey.id) ?? [] }
}

builder.queryField('virtualKeyLint', (t) =>
  t.connection(
    {
      type: LintedKeyType,
      permission: 'virtual_keys:view',
      description:
        'The keys that reach further than one application needs, and what to do about each, oldest first. Revoked keys are left out.',
      args: {
        filter: t.arg({ type: VirtualKeyFilterInput, description: 'Only these keys.' }),
        minimumSeverity: t.arg({
          type: LintSeverityType,
          description: 'Only keys with a finding at least this severe.',
        }),
        unusedDays: t.arg.int({
          required: true,
          defaultValue: 90,
          description: 'After how many days without a call a key counts as unused: 1 to 3650.',
        }),
      },
      resolve: (_, { filter, minimumSeverity, unusedDays, ...page }, context) =>
        lintPage(context, page, { filter, minimumSeverity, unusedDays }),
    },
    { name: 'VirtualKeyLintConnection', description: 'A page of keys that are too broad.' },
    { name: 'VirtualKeyLintEdge', description: 'A key that is too broad, with its cursor.' },
  ),
)

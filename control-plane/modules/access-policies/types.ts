import type { TimeWindow } from '../../authorization/time-window.ts'
import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { WeekdayType } from '../budgets/index.ts'
import { RoleType } from '../roles/index.ts'
import { AccessPolicyEntity, type AccessPolicyRow } from './entity.ts'

export const PolicyEffectType = builder.enumType('AccessPolicyEffect', {
  description: 'How a policy takes permissions away. Whatever it cannot decide, it denies.',
  values: {
    DENY_WHEN: {
      value: 'deny_when',
      description:
        'They are denied while its time windows and its condition hold; always when it has neither.',
    },
    DENY_UNLESS: {
      value: 'deny_unless',
      description: 'They are denied except while its time windows and its condition hold.',
    },
  } as const,
})

export const windowTexts = {
  days: 'On which days; the day is the one on which the hours begin.',
  from: 'From when, `09:00`, by the clocks of the time zone.',
  until:
    'Until before when, `17:00`; `24:00` is the end of the day. At or before `from` it is on the next day: 22:00 until 06:00.',
  timeZone:
    'An IANA time zone, such as `Europe/Berlin`. An hour that its clocks skip is in no window; one that they repeat is in it both times.',
}

const TimeWindowType = builder.objectRef<TimeWindow>('TimeWindow').implement({
  description: 'Some hours of some days of the week.',
  fields: (t) => ({
    days: t.field({ type: [WeekdayType], description: windowTexts.days, resolve: ({ days }) => [...days] }),
    from: t.exposeString('from', { description: windowTexts.from }),
    until: t.exposeString('until', { description: windowTexts.until }),
    timeZone: t.exposeString('timeZone', { description: windowTexts.timeZone }),
  }),
})

export const policyTexts = {
  permissions:
    'What it denies: each `resource:operation` of the catalogue; `*` may stand for either, or alone for all. A pattern also names what later releases add, and never `inference:…`: that is judged by data planes, which know no policies. Whom nobody should let chat, embed or make images has no role that gives it (`updateRole`, of a system role too).',
  everybody: 'Whether it is about everybody, with whichever role, session or API token.',
  roles:
    'It is about whoever has one of these roles, or one that inherits from it, for whatever and in whatever way.',
  users:
    'It is about these users, signed in or by API tokens that stand for them or that they issued for nobody.',
  timeWindows: 'It holds in any of these; none: at every time.',
  condition:
    'It holds while this is true, an expression of the Common Expression Language over `request`, `session`, `actor` and `resource`; null: whatever is so. See docs/access-policies.md.',
}

registerNodeType('pol', 'AccessPolicy')

export const AccessPolicyType = builder.loadableNodeRef('AccessPolicy', {
  id: { resolve: (policy: AccessPolicyRow) => policy.id },
  load: (ids: string[], context) => loadVisible(context, 'access_policies:view', AccessPolicyEntity, ids),
})

AccessPolicyType.implement({
  description:
    'What some may not do, whatever their roles say, always or at some times or in some circumstances. It wins over every role and every grant, and gives nothing.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', {
      description: 'Unique in the organization; whoever is denied is told it.',
    }),
    description: t.exposeString('description', { description: 'What it is for.' }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether it holds.' }),
    effect: t.expose('effect', { type: PolicyEffectType, description: 'How it takes away.' }),
    permissions: t.exposeStringList('permissions', { description: policyTexts.permissions }),
    everybody: t.exposeBoolean('everybody', { description: policyTexts.everybody }),
    roles: t.field({
      type: [RoleType],
      nullable: { list: false, items: true },
      description: `${policyTexts.roles} Null in place of one that you may not see.`,
      resolve: ({ roleIds }) => roleIds,
    }),
    userIds: t.idList({
      description: `${policyTexts.users} Their ids, also of some who are gone: ask \`nodes(ids)\`.`,
      resolve: ({ userIds }) => userIds,
    }),
    timeWindows: t.field({
      type: [TimeWindowType],
      description: policyTexts.timeWindows,
      resolve: ({ timeWindows }) => timeWindows,
    }),
    condition: t.exposeString('condition', { nullable: true, description: policyTexts.condition }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

import fc from 'fast-check'
import { weekdays } from '../../contract/budget-windows.ts'
import type { Permission } from '../../contract/permissions.ts'
import type { PolicyTerms } from '../../control-plane/authorization/access-policy.ts'
import type { TimeWindow } from '../../control-plane/authorization/time-window.ts'

/** Few of each, so that roles, policies and requests meet. */
export const permissions: readonly Permission[] = [
  ...(['teams:view', 'teams:update', 'virtual_keys:update', 'virtual_keys:revoke', 'usage:view'] as const),
]
/** Those whose policies may ask for the thing. */
const ofThings: readonly Permission[] = ['teams:update', 'virtual_keys:update', 'virtual_keys:revoke']
export const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'] as const
const patterns = [...permissions, 'teams:*', '*:update', '*']
const users = ['usr_a', 'usr_b']
const workspaces = ['ws_a', 'ws_b']

/** One expression in both languages. */
export interface Expression {
  readonly cel: string
  readonly cedar: string
  readonly usesResource: boolean
}

export interface WorldRole {
  readonly id: string
  readonly permissions: readonly Permission[]
  readonly inherited: readonly string[]
  readonly workspaceIds: readonly string[] | null
}

export interface WorldPolicy extends Omit<PolicyTerms, 'condition'> {
  readonly condition: Expression | null
}

export interface WorldRequest {
  readonly userId: string
  /** The role that says where; the others are had besides. */
  readonly roleId: string
  readonly otherRoleIds: readonly string[]
  readonly permission: Permission
  readonly now: number
  readonly address: string
  readonly session: {
    readonly amr: readonly string[]
    readonly acr: string
    readonly secondsAgo: number
  } | null
  readonly resource: { readonly workspaceId: string; readonly ownerUserId: string }
}

export interface World {
  readonly roles: readonly WorldRole[]
  readonly policies: readonly WorldPolicy[]
  readonly requests: readonly WorldRequest[]
}

const both = (text: string): Pick<Expression, 'cel' | 'cedar'> => ({ cel: text, cedar: text })
const atoms: readonly Expression[] = [
  { cel: 'session.mfa', cedar: 'context.mfa', usesResource: false },
  { cel: 'session.signedIn', cedar: 'context.signedIn', usesResource: false },
  { cel: '"hwk" in session.amr', cedar: 'context.amr.contains("hwk")', usesResource: false },
  { cel: 'session.amr.exists(m, m == "pwd")', cedar: 'context.amr.contains("pwd")', usesResource: false },
  { cel: 'session.acr == "two"', cedar: 'context.acr == "two"', usesResource: false },
  {
    cel: '(session.signedIn && session.secondsSinceSignIn < 900)',
    cedar: '(context.signedIn && context.seconds < 900)',
    usesResource: false,
  },
  ...['10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32'].map((network) => ({
    cel: `inNetwork(request.ip, "${network}")`,
    cedar: `context.ip.isInRange(ip("${network}"))`,
    usesResource: false,
  })),
  { cel: 'actor.userId == "usr_a"', cedar: 'context.userId == "usr_a"', usesResource: false },
  {
    cel: 'resource.ownerUserId == actor.userId',
    cedar: 'resource.ownerUserId == context.userId',
    usesResource: true,
  },
  {
    cel: 'resource.workspaceId == "ws_a"',
    cedar: 'resource.workspaceId == "ws_a"',
    usesResource: true,
  },
  { ...both('true'), usesResource: false },
  { ...both('false'), usesResource: false },
]

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...atoms),
    tie('expression').map(({ cel, cedar, usesResource }) => ({
      ...{ cel: `!(${cel})`, cedar: `!(${cedar})`, usesResource },
    })),
    fc
      .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
      .map(([one, operator, other]) => ({
        cel: `(${one.cel} ${operator} ${other.cel})`,
        cedar: `(${one.cedar} ${operator} ${other.cedar})`,
        usesResource: one.usesResource || other.usesResource,
      })),
  ),
}))

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

const timeWindow: fc.Arbitrary<TimeWindow> = fc
  .record({
    days: fc.subarray([...weekdays], { minLength: 1 }),
    from: fc.integer({ min: 0, max: 95 }).map((quarter) => clock(quarter * 15)),
    until: fc.integer({ min: 1, max: 96 }).map((quarter) => clock(quarter * 15)),
    timeZone: fc.constantFrom(...zones),
  })
  .filter(({ from, until }) => from !== until)

/** On and around the days on which clocks are set, in quarters of an hour. */
const times = [
  '2030-03-10',
  '2030-03-31',
  '2030-04-07',
  '2030-10-06',
  '2030-10-27',
  '2030-11-03',
  '2030-06-12',
]
const time = fc
  .tuple(fc.constantFrom(...times), fc.integer({ min: -96, max: 192 }))
  .map(([day, quarters]) => Date.parse(`${day}T00:00:00Z`) + quarters * 900_000)

const role = (index: number): fc.Arbitrary<WorldRole> =>
  fc.record({
    id: fc.constant(`role_${index}`),
    permissions: fc.subarray([...permissions]),
    // Of those before it alone, so that there is no cycle.
    inherited: fc.subarray(Array.from({ length: index }, (_, above) => `role_${above}`)),
    workspaceIds: fc.option(fc.subarray(workspaces), { freq: 3 }),
  })

const roleIds = Array.from({ length: 5 }, (_, index) => `role_${index}`)
const subject = fc.oneof(
  fc.constant({ everybody: true, roleIds: [], userIds: [] }),
  fc.record({
    everybody: fc.constant(false),
    roleIds: fc.subarray(roleIds, { minLength: 1, maxLength: 2 }),
    userIds: fc.subarray(users, { maxLength: 1 }),
  }),
)

const policy = (index: number): fc.Arbitrary<WorldPolicy> =>
  fc
    .record({
      effect: fc.constantFrom('deny_when' as const, 'deny_unless' as const),
      named: fc.subarray(patterns, { minLength: 1, maxLength: 3 }),
      subject,
      timeWindows: fc.array(timeWindow, { maxLength: 2 }),
      condition: fc.option(expression, { freq: 2 }),
    })
    .map(({ named, subject: about, condition, ...terms }) => ({
      ...{ id: `pol_${index}`, name: `policy ${index}`, condition, ...about, ...terms },
      permissions: condition?.usesResource ? ofThings : named,
    }))

const request: fc.Arbitrary<WorldRequest> = fc.record({
  userId: fc.constantFrom(...users),
  roleId: fc.constantFrom(...roleIds),
  otherRoleIds: fc.subarray(roleIds, { maxLength: 2 }),
  permission: fc.constantFrom(...permissions),
  now: time,
  address: fc.constantFrom('10.0.0.1', '10.1.2.3', '192.0.2.7', '2001:db8::7', '2001:db9::7'),
  session: fc.option(
    fc.record({
      amr: fc.subarray(['pwd', 'hwk', 'otp']),
      acr: fc.constantFrom('one', 'two'),
      secondsAgo: fc.integer({ min: 0, max: 1_800 }),
    }),
    { freq: 4 },
  ),
  resource: fc.record({
    workspaceId: fc.constantFrom(...workspaces),
    ownerUserId: fc.constantFrom(...users),
  }),
})

export const world: fc.Arbitrary<World> = fc.record({
  roles: fc.tuple(...roleIds.map((_, index) => role(index))),
  policies: fc
    .integer({ min: 0, max: 4 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => policy(index)))),
  requests: fc.array(request, { minLength: 10, maxLength: 20 }),
})

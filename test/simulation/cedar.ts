import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import { type Weekday, weekdays } from '../../contract/budget-windows.ts'
import { permissionsNamedBy } from '../../contract/permissions.ts'
import type { TimeWindow } from '../../control-plane/authorization/time-window.ts'
import { type World, type WorldPolicy, type WorldRequest, zones } from './authorization-world.ts'

/*
 * The same world in Cedar, with nothing of ours but the names: roles are parents of each other, what is denied is forbidden,
 * and the clocks are those of Intl, where ours are those of Temporal.
 */

const policySetId = 'world'

/** Decides the requests of one world at a time. */
export class CedarWorld {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    const text = [...permits(world), confinement, ...world.policies.map(forbid)].join('\n')
    const parsed = preparsePolicySet(policySetId, { staticPolicies: text })
    if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  }

  allows(request: WorldRequest): boolean {
    const { userId, roleId, otherRoleIds, permission, resource } = request
    const own = this.#world.roles.find(({ id }) => id === roleId)
    // The role that says where gives; policies are about the others too.
    const principal = { type: 'Actor', id: 'asks' }
    const thing = { type: 'Thing', id: 'thing' }
    const roles = this.#world.roles.map(({ id, inherited }) => ({
      uid: { type: 'Role', id },
      attrs: {},
      parents: inherited.map((above) => ({ type: 'Role', id: above })),
    }))
    const holder = {
      uid: { type: 'Holder', id: 'holder' },
      attrs: {},
      parents: [roleId, ...otherRoleIds].map((id) => ({ type: 'Role', id })),
    }
    const actor = {
      uid: principal,
      attrs: {
        confined: own?.workspaceIds !== null,
        workspaces: [...(own?.workspaceIds ?? [])],
        holder: { __entity: { type: 'Holder', id: 'holder' } },
        userId,
      },
      parents: [{ type: 'Role', id: roleId }],
    }
    const answer = statefulIsAuthorized({
      ...{ principal, resource: thing, preparsedPolicySetId: policySetId },
      action: { type: 'Action', id: permission },
      context: contextOf(request),
      entities: [...roles, holder, actor, { uid: thing, attrs: { ...resource }, parents: [] }],
    })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    const { decision, diagnostics } = answer.response
    if (diagnostics.errors.length > 0) throw new Error(JSON.stringify(diagnostics.errors))
    return decision === 'allow'
  }
}

function permits({ roles }: World): string[] {
  return roles.flatMap(({ id, permissions }) =>
    permissions.map(
      (permission) => `permit(principal in Role::"${id}", action == Action::"${permission}", resource);`,
    ),
  )
}

const confinement =
  'forbid(principal, action, resource) unless { !principal.confined || principal.workspaces.contains(resource.workspaceId) };'

function forbid({ effect, permissions, everybody, roleIds, userIds, ...when }: WorldPolicy): string {
  const actions = permissions.flatMap(permissionsNamedBy).map((one) => `Action::"${one}"`)
  const about = [
    ...roleIds.map((id) => `principal.holder in Role::"${id}"`),
    ...userIds.map((id) => `principal.userId == "${id}"`),
  ].join(' || ')
  const windows = when.timeWindows.map(windowText).join(' || ')
  const holds = [windows, when.condition?.cedar ?? '']
    .filter((part) => part !== '')
    .map((part) => `(${part})`)
  const word = effect === 'deny_when' ? 'when' : 'unless'
  return `forbid(principal, action in [${actions.join(', ')}], resource)
    when { ${everybody ? 'true' : about} } ${word} { ${holds.join(' && ') || 'true'} };`
}

function windowText({ days, from, until, timeZone }: TimeWindow): string {
  const at = `context.zones["${timeZone}"]`
  const named = `[${days.map((day) => `"${day}"`).join(', ')}]`
  const [today, yesterday] = [`${named}.contains(${at}.day)`, `${named}.contains(${at}.yesterday)`]
  const [start, end] = [minutes(from), minutes(until)]
  const after = `${at}.minute >= ${start}`
  const before = `${at}.minute < ${end}`
  return start < end
    ? `(${today} && ${after} && ${before})`
    : `((${today} && ${after}) || (${yesterday} && ${before}))`
}

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

function contextOf({ now, address, session, userId }: WorldRequest) {
  return {
    ...{ userId, ip: { __extn: { fn: 'ip', arg: address } } },
    ...{ signedIn: session !== null, mfa: session?.amr.some((one) => one !== 'pwd') ?? false },
    ...{ amr: [...(session?.amr ?? [])], acr: session?.acr ?? '', seconds: session?.secondsAgo ?? 0 },
    zones: Object.fromEntries(zones.map((zone) => [zone, clockOf(now, zone)])),
  }
}

function clockOf(now: number, timeZone: string) {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  })
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]))
  const day = String(parts.get('weekday')).toUpperCase()
  const index = weekdays.indexOf(day as Weekday)
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  return { day, yesterday: weekdays.at(index - 1) ?? '', minute }
}

import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect } from '../client/connection.ts'
import type { ControlPlane } from '../client/control-plane.ts'
import { CommandFailed } from '../client/failures.ts'
import type { ReadAuditQuery, ReadAuditQueryVariables } from '../generated/graphql.ts'
import { untilInterrupted } from '../interruption.ts'
import { plain, printLine } from '../terminal/output.ts'
import { styled } from '../terminal/style.ts'
import { ReadAudit } from './documents.ts'

export interface TailOptions extends ConnectionOptions {
  readonly follow?: boolean
  readonly lines: string
  readonly type?: string
  /** One JSON object a line. */
  readonly json?: boolean
}

type Event = ReadAuditQuery['auditEvents']['edges'][number]['node']
type Filter = { readonly type?: string }

const pageSize = 100
const pollMs = 1_000
/** Events of one moment may be committed out of order: so many are looked at again. */
const rememberedEvents = 10_000

/** Prints the newest events, oldest first, and with `follow` the next ones as they come. */
export async function tailAudit({ follow, lines, type, json, ...options }: TailOptions): Promise<void> {
  const count = Number(lines)
  if (!Number.isInteger(count) || count < 0 || count > pageSize) {
    throw new CommandFailed(`--lines is a number from 0 to ${pageSize}, not "${lines}"`, 2)
  }
  const controlPlane = await connect(options)
  const filter = type === undefined ? {} : { type }
  const show = (event: Event) => printLine(json ? JSON.stringify(event) : lineOf(event))
  const newest = await readNewest(controlPlane, filter)
  for (const event of newest.slice(0, count).toReversed()) show(event)
  if (follow) await followEvents(controlPlane, filter, newest, show)
}

async function followEvents(
  controlPlane: ControlPlane,
  filter: Filter,
  shown: readonly Event[],
  show: (event: Event) => void,
): Promise<void> {
  const seen = new Set(shown.map(({ id }) => id))
  const ended = new AbortController()
  untilInterrupted(() => process.exit(1)).then(() => ended.abort())
  while (!ended.signal.aborted) {
    await delay(pollMs, undefined, { signal: ended.signal }).catch(() => undefined)
    if (ended.signal.aborted) return
    for (const event of (await readUnseen(controlPlane, filter, seen)).toReversed()) {
      seen.add(event.id)
      show(event)
    }
    for (const id of seen) {
      if (seen.size <= rememberedEvents) break
      seen.delete(id)
    }
  }
}

/** Events that are new, newest first: page by page, back to one that was seen. */
async function readUnseen(
  controlPlane: ControlPlane,
  filter: Filter,
  seen: ReadonlySet<string>,
): Promise<Event[]> {
  const unseen: Event[] = []
  let after: string | null = null
  for (;;) {
    const variables: ReadAuditQueryVariables = { first: pageSize, filter, after }
    const { auditEvents }: ReadAuditQuery = await controlPlane.run(ReadAudit, variables)
    const page = auditEvents.edges.map(({ node }) => node)
    unseen.push(...page.filter(({ id }) => !seen.has(id)))
    const reachedSeen = page.some(({ id }) => seen.has(id))
    const { hasNextPage, endCursor } = auditEvents.pageInfo
    if (reachedSeen || seen.size === 0 || !hasNextPage || endCursor == null) return unseen
    after = endCursor
  }
}

async function readNewest(controlPlane: ControlPlane, filter: Filter): Promise<Event[]> {
  const { auditEvents } = await controlPlane.run(ReadAudit, { first: pageSize, filter })
  return auditEvents.edges.map(({ node }) => node)
}

function lineOf({ at, type, outcome, actor, subject }: Event): string {
  const style = outcome === 'succeeded' ? 'green' : 'red'
  const who = `${plain(actor.name)} (${plain(actor.kind)})`
  return `${styled('dim', at)} ${styled('bold', plain(type))} ${styled(style, plain(outcome))} ${who} → ${plain(subject.kind)} ${plain(subject.id)}`
}

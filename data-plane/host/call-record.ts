import type { CallFinished } from '../../contract/events.ts'
import type { BuiltinCall, CompiledKey, HeaderTrail, Target } from '../../plugins/sdk/builtin.ts'
import type { Outcome, Usage } from '../../plugins/sdk/call.ts'

/*
 * The records of a call as JSON text, written member by member: each call is recorded twice, and building an object
 * for `JSON.stringify` would double the journal's cost. What is the same for every call of a key or of a target is
 * written once and kept as text.
 */

/** Texts of each kind that are kept; when there are more, all are made anew. */
const maxKeptTexts = 4096

type Charges = readonly CallFinished['charges'][number][]

/** The members of a call's record that are settled once it is admitted, without braces. */
function describeCall(call: BuiltinCall): string {
  const { configuration } = call
  const target = call.targets.length === 1 ? call.targets[0] : undefined
  return `"type":"call.finished","attemptId":"${call.id}","requestId":"${call.requestId}","startedAt":${call.receivedAt},"operation":"${call.operation}","streamed":${call.stream},${describeKey(call.key)},${describeTarget(target)},"requestedModel":${call.model === '' ? null : keptText(call.model)},"sourceAddress":${keptOrNull(call.sourceAddress)},"epoch":${configuration.epoch},"revision":${configuration.revision}`
}

/** The record of a call that ended. */
export function recordCall(
  call: BuiltinCall,
  { durationMs, outcome, status, errorCode, refusedBy }: Outcome,
  charges: Charges,
): string {
  const { usage, providerKeyId, headerTrail } = call
  const consumed = usage
    ? `"inputTokens":${usage.inputTokens},"cachedInputTokens":${usage.cachedInputTokens},"outputTokens":${usage.outputTokens},"images":${usage.images}${describeParts(usage)},"estimated":${usage.estimated},"costNanoUsd":${usage.costNanoUsd}`
    : nothingConsumed
  const end = `"outcome":"${outcome}","status":${status},"errorCode":${quoted(errorCode)},"refusedBy":${quoted(refusedBy)}`
  return `{${describeCall(call)},"durationMs":${durationMs},${consumed},${end},"providerKeyId":${keptOrNull(providerKeyId)},${describeHeaders(headerTrail)},"charges":[${describeCharges(charges)}]}`
}

const parts = ['audioInputTokens', 'reasoningTokens', 'audioOutputTokens', 'toolCalls'] as const

/** Most calls have none of them. */
function describeParts(usage: Usage): string {
  let text = ''
  for (const part of parts) if (usage[part]) text += `,"${part}":${usage[part]}`
  return text
}

/** What becomes the record of a call whose end is never written: it is charged what was set aside for it. */
export function recordUnknownEnd(call: BuiltinCall, charges: Charges): string {
  const { hold, providerKeyId, headerTrail } = call
  return `{${describeCall(call)},"durationMs":0,${unknownConsumption},"costNanoUsd":${hold?.nanoUsd ?? 0},${unknownEnd},"providerKeyId":${keptOrNull(providerKeyId)},${describeHeaders(headerTrail)},"charges":[${describeCharges(charges)}]}`
}

const nothingConsumed =
  '"inputTokens":0,"cachedInputTokens":0,"outputTokens":0,"images":0,"estimated":false,"costNanoUsd":0'
const unknownConsumption =
  '"inputTokens":0,"cachedInputTokens":0,"outputTokens":0,"images":0,"estimated":true'
const unknownEnd = '"outcome":"unknown","status":0,"errorCode":null,"refusedBy":null'
const noHeaders = '"forwardedHeaders":[],"droppedHeaders":[]'

function describeHeaders(trail: HeaderTrail | undefined): string {
  if (!trail || (trail.forwarded.length === 0 && trail.dropped.length === 0)) return noHeaders
  return `"forwardedHeaders":${JSON.stringify(trail.forwarded)},"droppedHeaders":${JSON.stringify(trail.dropped)}`
}

const keyTexts = new WeakMap<CompiledKey, string>()
const noKey = membersOf({
  workspaceId: null,
  virtualKeyId: null,
  userId: null,
  teamId: null,
  businessUnitId: null,
  customerId: null,
})

function describeKey(key: CompiledKey | undefined): string {
  if (!key) return noKey
  let text = keyTexts.get(key)
  if (text === undefined) {
    const { workspaceId, userId, teamId, businessUnitId, customerId } = key.principal
    text = membersOf({ workspaceId, virtualKeyId: key.id, userId, teamId, businessUnitId, customerId })
    keyTexts.set(key, text)
  }
  return text
}

const targetTexts = new WeakMap<Target['grant'], WeakMap<Target['model'], string>>()
const noTarget = membersOf({
  providerId: null,
  providerConfigId: null,
  upstreamModel: null,
  upstreamOrigin: null,
})

function describeTarget(target: Target | undefined): string {
  if (!target) return noTarget
  const { grant, model } = target
  let byModel = targetTexts.get(grant)
  if (!byModel) {
    byModel = new WeakMap()
    targetTexts.set(grant, byModel)
  }
  let text = byModel.get(model)
  if (text === undefined) {
    text = membersOf({
      providerId: grant.provider.id,
      providerConfigId: grant.id,
      upstreamModel: model.upstreamName,
      upstreamOrigin: grant.provider.origin,
    })
    byModel.set(model, text)
  }
  return text
}

/** Leases of which the call spends as much stand together: see contract/charges.ts. */
function describeCharges(charges: Charges): string {
  let text = ''
  for (let from = 0, to = 0; from < charges.length; from = to) {
    const nanoUsd = charges[from]?.nanoUsd
    while (to < charges.length && charges[to]?.nanoUsd === nanoUsd) to++
    text += `${text === '' ? '' : ','}{"leaseIds":[${leaseIdsText(charges, from, to)}],"nanoUsd":${nanoUsd}}`
  }
  return text
}

interface LeaseList {
  readonly leaseIds: readonly string[]
  readonly text: string
}

/** By the last lease, which few paths share. */
const leaseLists = new Map<string, LeaseList>()

/** The ids of some leases, quoted; made once for the calls that spend of the same. */
function leaseIdsText(charges: Charges, from: number, to: number): string {
  const last = charges[to - 1]?.leaseId ?? ''
  const known = leaseLists.get(last)
  if (known && names(known.leaseIds, charges, from, to)) return known.text
  const leaseIds = charges.slice(from, to).map(({ leaseId }) => leaseId)
  const text = JSON.stringify(leaseIds).slice(1, -1)
  if (leaseLists.size >= maxKeptTexts) leaseLists.clear()
  leaseLists.set(last, { leaseIds, text })
  return text
}

function names(leaseIds: readonly string[], charges: Charges, from: number, to: number): boolean {
  if (leaseIds.length !== to - from) return false
  for (let at = from; at < to; at++) if (charges[at]?.leaseId !== leaseIds[at - from]) return false
  return true
}

/** Of models, addresses and provider keys. */
const keptText = keeping((text) => JSON.stringify(text))

/** Makes a text once for each value that comes again and again. */
function keeping(make: (value: string) => string): (value: string) => string {
  const texts = new Map<string, string>()
  return (value) => {
    let text = texts.get(value)
    if (text === undefined) {
      if (texts.size >= maxKeptTexts) texts.clear()
      text = make(value)
      texts.set(value, text)
    }
    return text
  }
}

function keptOrNull(text: string | null): string {
  return text === null ? 'null' : keptText(text)
}

function membersOf(object: object): string {
  return JSON.stringify(object).slice(1, -1)
}

function quoted(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text)
}

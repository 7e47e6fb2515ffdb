import { join } from 'node:path'
import { call } from '../chaos/traffic.ts'
import { configurationApplied, issueKey } from '../test/acceptance/keys.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress, ProofVerdict } from './proof.ts'
import { canTrace, type SystemCall, traceSystemCalls } from './system-calls.ts'

const promise = 'no provider is asked before the disk has confirmed the record of the call'
const callers = 8

/** Watches a data plane through the operating system: record, confirmation by the disk, request to the provider. */
export async function proveRecordedFirst(
  planes: Planes,
  { calls }: { readonly calls: number },
  progress: Progress,
): Promise<ProofVerdict> {
  if (!canTrace()) return { promise, skipped: 'needs strace and the right to trace processes' }
  const plane = await planes.addDataPlane('traced', { GATEHOUSE_AUDIT_DURABILITY: 'sync' })
  const { secret } = await issueKey(planes, planes.demo, { name: 'traced' })
  await configurationApplied({ ...planes, statusUrl: plane.address('statusUrl') })
  const ids = Array.from({ length: calls }, (_, index) => `traced-${String(index).padStart(6, '0')}`)
  const waiting = [...ids]
  const callInTurn = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      await call(plane, { id, virtualKey: secret, model: 'demo-chat', manner: 'whole' })
    }
  }
  const trace = await traceSystemCalls(plane.pid, join(planes.folder, 'trace'), async () => {
    await Promise.all(Array.from({ length: callers }, callInTurn))
  })
  progress(`${trace.length} system calls seen`)
  const asked = new Set(planes.providerCalls().map(({ user }) => user))
  const unconfirmed = ids.filter((id) => asked.has(id) && !isConfirmedFirst(id, trace))
  const seen = ids.filter((id) => asked.has(id)).length
  const found = { promise, calls, asked: seen, unconfirmed: unconfirmed.length }
  return { ...found, kept: seen === calls && unconfirmed.length === 0 }
}

function isConfirmedFirst(id: string, trace: readonly SystemCall[]): boolean {
  const names = (one: SystemCall) => one.data.includes(id)
  const recorded = trace.find((one) => isOfJournal(one) && names(one))
  const sent = trace.find((one) => one.target.startsWith('TCP') && names(one))
  if (!recorded || !sent) return false
  return trace.some(
    (one) =>
      one.name === 'fdatasync' &&
      one.target === recorded.target &&
      one.result === 0 &&
      one.beganAt > recorded.endedAt &&
      one.endedAt < sent.beganAt,
  )
}

function isOfJournal({ name, target }: SystemCall): boolean {
  return name === 'write' && target.includes('/journal/')
}

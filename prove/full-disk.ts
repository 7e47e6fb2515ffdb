import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { call } from '../chaos/traffic.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { configurationApplied, issueKey } from '../test/acceptance/keys.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress, ProofVerdict } from './proof.ts'
import { readRecorded } from './recorded.ts'

const diskMiB = 16
/** So much is left when the disk is filled up: room for some calls and not for all. */
const leftBytes = 256 * 1024
const callers = 8
const callsOfEach = 150
const recoveryLimitMs = 30_000

type WhenFull = 'refuse' | 'count'

/** Fills up the small disk of a data plane under load, and holds what it did against the provider's own log. */
export async function proveFullDisk(
  planes: Planes,
  whenFull: WhenFull,
  progress: Progress,
): Promise<ProofVerdict> {
  const promise =
    whenFull === 'refuse'
      ? 'on a full disk calls are refused with audit_unavailable, none reaches a provider without a record, and they are served again once there is room'
      : 'on a full disk calls go on where the operator wants it, each that is not recorded is counted, and the audit trail says how many'
  const disk = join(planes.folder, `disk-${whenFull}`)
  mkdirSync(disk)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'tmpfs', disk])
  if (mounted.status !== 0) return { promise, skipped: 'mounting a tmpfs needs root on Linux' }
  let plane: Plane | undefined
  try {
    plane = await planes.addDataPlane(`full-${whenFull}`, {
      GATEHOUSE_STATE_DIR: join(disk, 'state'),
      GATEHOUSE_AUDIT_WHEN_FULL: whenFull,
    })
    return { promise, ...(await prove(planes, plane, { disk, whenFull }, progress)) }
  } finally {
    await plane?.kill()
    spawnSync('umount', ['-l', disk])
  }
}

async function prove(
  planes: Planes,
  plane: Plane,
  { disk, whenFull }: { readonly disk: string; readonly whenFull: WhenFull },
  progress: Progress,
) {
  const prefix = `disk-${whenFull}`
  const { secret } = await issueKey(planes, planes.demo, { name: prefix })
  await configurationApplied({ ...planes, statusUrl: plane.address('statusUrl') })
  const filler = join(disk, 'filler')
  fill(disk, filler)
  const full = await makeCalls(plane, secret, `${prefix}-full`)
  progress(`full: ${full.served} served, ${full.refused} refused`)
  rmSync(filler)
  const ask = (id: string) => call(plane, { id, virtualKey: secret, model: 'demo-chat', manner: 'whole' })
  let tries = 0
  const isServed = async () => (await ask(`${prefix}-after-${++tries}`)) === 200
  await eventually(isServed, recoveryLimitMs, () => plane.output.slice(-2_000))
  const after = await makeCalls(plane, secret, `${prefix}-again`)
  progress(`with room again: ${after.served} served, ${after.refused} refused`)
  const { unrecorded } = await readUnrecorded(plane)
  const told = whenFull === 'count' ? await readGaps(planes, unrecorded) : 0
  const recorded = await readRecorded(planes, prefix, unrecorded)
  const isCounted = recorded.missing === unrecorded && told === unrecorded
  const isRight =
    whenFull === 'refuse'
      ? full.refused > 0 && unrecorded === 0 && recorded.asked <= full.served + after.served + tries
      : full.refused < callers && unrecorded > 0
  return {
    ...{ servedWhileFull: full.served, refusedWhileFull: full.refused, unrecorded, told, ...recorded },
    kept: isRight && isCounted && recorded.doubled === 0 && after.refused === 0,
  }
}

function fill(disk: string, filler: string): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(filler, Buffer.alloc(bavail * bsize - leftBytes))
}

async function makeCalls(plane: Plane, virtualKey: string, name: string) {
  let served = 0
  let refused = 0
  const caller = async (number: number) => {
    for (let each = 0; each < callsOfEach; each++) {
      const id = `${name}-${number}-${each}`
      const status = await call(plane, { id, virtualKey, model: 'demo-chat', manner: 'whole' })
      if (status === 200) served++
      else if (status === 503) refused++
      else throw new Error(`a call was answered with ${status}: ${plane.output.slice(-2_000)}`)
      await delay(2)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  return { served, refused }
}

/** As its metrics say. */
async function readUnrecorded(plane: Plane): Promise<{ readonly unrecorded: number }> {
  const metrics = await (await fetch(`${plane.address('statusUrl')}/metrics`)).text()
  const found = /^gatehouse_unrecorded_calls_total\{calls="served"\} (\d+)$/m.exec(metrics)?.[1]
  if (found === undefined) throw new Error(`no metric tells of unrecorded calls:\n${metrics}`)
  return { unrecorded: Number(found) }
}

interface Gaps {
  readonly dataPlanes: {
    readonly edges: readonly {
      readonly node: { readonly recordGaps: readonly { readonly served: number | null }[] }
    }[]
  }
}

/** How many unrecorded calls the control plane was told of, once it was told of all. */
async function readGaps({ graphql }: Planes, expected: number): Promise<number> {
  let told = 0
  const isTold = async () => {
    const { dataPlanes } = await graphql<Gaps>('{ dataPlanes { edges { node { recordGaps { served } } } } }')
    const gaps = dataPlanes.edges.flatMap(({ node }) => node.recordGaps)
    told = gaps.reduce((sum, { served }) => sum + (served ?? 0), 0)
    return told >= expected
  }
  await eventually(isTold, recoveryLimitMs, () => '').catch(() => undefined)
  return told
}

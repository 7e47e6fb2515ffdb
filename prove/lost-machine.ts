import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { Random } from '../chaos/random.ts'
import { call } from '../chaos/traffic.ts'
import { configurationApplied, issueKey } from '../test/acceptance/keys.ts'
import type { Plane } from '../test/acceptance/plane.ts'
import type { Planes } from '../test/acceptance/planes.ts'
import type { Progress, ProofVerdict } from './proof.ts'
import { readRecorded } from './recorded.ts'

const callers = 8

/** Kills data planes with calls under way and wipes their disks, again and again; new ones take their place. */
export async function proveLostMachines(
  planes: Planes,
  { losses, seed }: { readonly losses: number; readonly seed: number },
  progress: Progress,
): Promise<ProofVerdict> {
  const client = await createClient({ url: planes.redis.url }).connect()
  await client.configSet('appendfsync', 'always')
  await client.close()
  const random = new Random(seed)
  const { secret } = await issueKey(planes, planes.demo, { name: 'lost' })
  for (let loss = 0; loss < losses; loss++) {
    const name = `lost-${loss}`
    const plane = await planes.addDataPlane(name, { GATEHOUSE_AUDIT_DURABILITY: 'remote' })
    await configurationApplied({ ...planes, statusUrl: plane.address('statusUrl') })
    const calling = callUntilDead(plane, secret, name)
    await delay(random.between(500, 2_000))
    await plane.kill()
    rmSync(join(planes.folder, name), { recursive: true, force: true })
    progress(`${name}: ${await calling} calls were answered before it was lost`)
  }
  const recorded = await readRecorded(planes, 'lost-')
  const { missing, doubled } = recorded
  return {
    promise:
      'with the durability "remote", every call that the provider was asked is in the audit trail once, though the data plane is killed and its disk wiped',
    ...{ losses, seed, ...recorded },
    kept: recorded.asked > 0 && missing + doubled === 0,
  }
}

/** @returns how many were answered */
async function callUntilDead(plane: Plane, virtualKey: string, name: string): Promise<number> {
  let answered = 0
  const caller = async (number: number) => {
    for (let each = 0; ; each++) {
      const id = `${name}-${number}-${each}`
      const status = await call(plane, { id, virtualKey, model: 'demo-chat', manner: 'streamed' })
      if (status === undefined) return
      answered++
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)))
  return answered
}

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../transport/poll.ts'
import { textOf } from './authority.ts'
import { digestOf } from './entities.ts'
import { type Node, World } from './partitioned-world.ts'

let world: World
let node: Node

beforeEach(async () => {
  world = await World.create(1)
  const [only] = world.nodes
  if (!only) throw new Error('no node')
  node = only
})
afterEach(() => world.close())

const revision = () => node.follower.state.current.applied?.revision
const applied = (wanted: number) => eventually(`revision ${wanted}`, () => revision() === wanted)

/** As the timer and the publisher do. */
async function renewAndLook(): Promise<void> {
  world.elapsedMs += 3_000
  world.store.head = world.authority.head()
  await node.look()
}

describe('the control plane is left in peace', () => {
  it('as long as the store shows newer heads, whatever they say', async () => {
    for (let round = 0; round < 5; round += 1) await renewAndLook()
    world.issueKey()
    world.publish()
    await node.look()
    expect(revision()).toBe(2)
    expect(node.questions).toEqual([])
  })

  it('when a head is not due yet', async () => {
    world.elapsedMs += 5_000
    await node.look()
    expect(node.questions).toEqual([])
  })

  it('once the store has shown a head that is as new', async () => {
    node.reachesStore = false
    world.issueKey()
    await node.look()
    await applied(2)
    node.reachesStore = true
    world.publish()
    await node.look()
    await delay(10)
    const before = node.questions.length
    for (let round = 0; round < 5; round += 1) {
      world.move()
      await renewAndLook()
      await delay(5)
    }
    expect(node.questions.length).toBe(before)
  })
})

describe('the control plane is asked', () => {
  it('at once when the store is out of reach, and tells what the store cannot', async () => {
    node.reachesStore = false
    world.issueKey()
    await node.look()
    await applied(2)
    expect(node.follower.configuration?.keyByDigest(digestOf('vk_2'))?.status).toBe('active')
  })

  it('when the store shows nothing newer although it must', async () => {
    world.issueKey()
    world.letTimePass()
    await node.look()
    await applied(2)
  })

  it('when whoever holds the store plays back yesterday, head by head', async () => {
    world.issueKey()
    world.publish()
    await node.look()
    world.issueKey()
    for (const { head } of world.kept) {
      world.elapsedMs += 4_000
      world.store.head = head
      await node.look()
    }
    await applied(3)
  })

  it('when the store shows one forged head after the other', async () => {
    world.issueKey()
    for (let round = 0; round < 3; round += 1) {
      world.elapsedMs += 3_000
      world.store.head = world.authority
        .head()
        .replace('"payload":"', `"payload":"${'A'.repeat(4 * round)}AAAA`)
      await node.look()
    }
    await applied(2)
    expect(node.follower.state.current).toMatchObject({ status: 'applied', lastError: null })
  })

  it('hears at once what was applied', async () => {
    node.reachesStore = false
    world.issueKey()
    await node.look()
    await eventually('the confirmation', () =>
      node.questions.some(({ standing }) => standing?.appliedRevision === 2 && standing.status === 'applied'),
    )
  })

  it('hears why its answer was refused, and is not asked for the same again and again', async () => {
    node.reachesStore = false
    node.refuses = true
    world.issueKey()
    await node.look()
    await eventually('the refusal', () =>
      node.questions.some(
        ({ standing }) => standing?.status === 'refused' && /does not fit/.test(standing.error ?? ''),
      ),
    )
    await delay(20)
    expect(node.answersWithDocuments).toBe(1)
    node.refuses = false
    await node.look()
    await applied(2)
  })
})

describe('what the control plane answers is trusted no more than the store', () => {
  it('an altered delta is refused, and the snapshot that follows is taken', async () => {
    node.reachesStore = false
    node.losesDeltas = true
    world.issueKey()
    await node.look()
    await eventually('a refusal', () => node.follower.state.current.status === 'refused')
    node.losesDeltas = false
    await eventually('the snapshot', async () => {
      await node.look()
      return revision() === 2
    })
  })

  it('an older answer leads nowhere', async () => {
    node.reachesStore = false
    world.issueKey()
    await node.look()
    await applied(2)
    world.issueKey()
    node.hearsOldAnswers = true
    world.move()
    await node.look()
    await delay(10)
    expect(revision()).toBe(2)
  })
})

it('a data plane that hears on the second way that it was revoked serves nobody any more', async () => {
  node.reachesStore = false
  node.isRevoked = true
  expect(node.follower.configuration).toBeDefined()
  await node.look()
  await eventually('the end', () => node.follower.configuration === undefined)
  expect(node.follower.revocation).toMatch(/has revoked this data plane/)
  expect(node.follower.state.current).toMatchObject({
    status: 'refused',
    lastError: node.follower.revocation,
  })
})

it('a data plane that lost everything but its identity gets all of it on the second way', async () => {
  await node.follower.close()
  rmSync(join(node.stateDirectory, 'configuration'), { recursive: true })
  node.reachesStore = false
  await node.restart()
  await node.look()
  await applied(1)
  expect(node.follower.configuration?.keyByDigest(digestOf('vk_1'))?.status).toBe('active')
})

it('one that comes back to the store finds credentials there that it is ahead of, and has nothing to complain of', async () => {
  world.issueKey()
  world.sealedCredentials = await world.authority.credentials(world.sealingJwk)
  node.reachesStore = false
  await node.look()
  await applied(2)
  node.reachesStore = true
  world.issueKey()
  world.publish()
  await node.look()
  expect(node.follower.state.current).toMatchObject({ lastError: null, applied: { revision: 3 } })
})

it('one that lost its credentials alone gets those', async () => {
  await node.follower.close()
  rmSync(join(node.stateDirectory, 'configuration', 'credentials.jwe'))
  node.reachesStore = false
  await node.restart()
  expect(node.follower.configuration).toBeUndefined()
  await eventually('the credentials', async () => {
    world.letTimePass()
    await node.look()
    return node.follower.configuration !== undefined
  })
})

it('hints of the store and what it holds count on, also while the control plane is silent', async () => {
  node.reachesControlPlane = false
  world.letTimePass()
  await node.look()
  world.issueKey()
  world.store.head = world.authority.head()
  world.store.deltas = world.authority.deltas.map(textOf)
  world.store.hint()
  await applied(2)
})

import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { textOf } from './authority.ts'
import { type Node, World } from './partitioned-world.ts'

/** What a schedule may do to the world at any time. */
class Step implements fc.AsyncCommand<object, World> {
  readonly #name: string
  readonly #perform: (world: World) => void | Promise<void>

  constructor(name: string, perform: (world: World) => void | Promise<void>) {
    this.#name = name
    this.#perform = perform
  }

  check(): boolean {
    return true
  }

  async run(_model: object, world: World): Promise<void> {
    await this.#perform(world)
    world.move()
    // For polls and hints to get somewhere, or to be under way when the next thing happens.
    await delay(2)
    for (const node of world.nodes) node.check()
  }

  toString(): string {
    return this.#name
  }
}

function pick<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)]
}

const always = (name: string, perform: (world: World) => void | Promise<void>) =>
  fc.constant(new Step(name, perform))

const withNumber = (name: string, perform: (world: World, number: number) => void | Promise<void>) =>
  fc.nat(97).map((number) => new Step(`${name} ${number}`, (world) => perform(world, number)))

const atNode = (name: string, perform: (node: Node) => void | Promise<void>) =>
  withNumber(name, async ({ nodes }, number) => {
    const node = pick(nodes, number)
    if (node) await perform(node)
  })

/** Lost, doubled and turned around: what a store may make of its deltas. */
function mangle(deltas: readonly string[], number: number): string[] {
  const left = deltas.filter((_, index) => (index + number) % 3 !== 0)
  return number % 2 === 0 ? left : [...left, ...left].reverse()
}

const steps = [
  always('issue a key', (world) => world.issueKey()),
  withNumber('revoke a key', (world, number) => {
    const id = pick(world.activeKeys, number)
    if (id) world.revokeKey(id, { removed: number % 3 === 0 })
  }),
  withNumber('revoke a key and lose what says so but for the head', async (world, number) => {
    const id = pick(world.activeKeys, number)
    if (id) world.revokeKey(id, { removed: false })
    world.publish({ snapshot: false })
    world.store.deltas = []
    await pick(world.nodes, number)?.look()
  }),
  always('name revoked keys no longer', (world) => world.forgetRevocations()),
  always('begin an epoch', (world) => world.beginEpoch()),
  withNumber('publish', (world, number) => world.publish({ snapshot: number % 2 === 0 })),
  withNumber('publish, deltas mangled', (world, number) => {
    world.publish({ snapshot: number % 2 === 0 })
    world.store.deltas = mangle(world.authority.deltas.map(textOf), number)
  }),
  always('hint', ({ store }) => store.hint()),
  atNode('look', (node) => node.look()),
  always('let time pass', (world) => world.letTimePass()),
  withNumber('put back an old head', ({ store, kept }, number) => {
    store.head = pick(kept, number)?.head ?? store.head
  }),
  withNumber('put back an old snapshot', ({ store, kept }, number) => {
    store.snapshot = pick(kept, number)?.snapshot ?? store.snapshot
  }),
  withNumber('put back all of the store', ({ store, kept }, number) => {
    Object.assign(store, pick(kept, number))
  }),
  always('empty the store', ({ store }) => {
    Object.assign(store, { head: null, snapshot: null, deltas: [] })
  }),
  atNode('cut off from the store', (node) => {
    node.reachesStore = false
  }),
  atNode('reach the store', (node) => {
    node.reachesStore = true
  }),
  atNode('cut off from the control plane', (node) => {
    node.reachesControlPlane = false
  }),
  atNode('reach the control plane', (node) => {
    node.reachesControlPlane = true
  }),
  atNode('hear old answers', (node) => {
    node.hearsOldAnswers = true
  }),
  atNode('lose deltas on the way from the control plane', (node) => {
    node.losesDeltas = true
  }),
  always('publish and look', async (world) => {
    world.publish()
    await Promise.all(world.nodes.map((node) => node.look()))
  }),
  atNode('restart', (node) => node.restart()),
]

/** After which healing the data planes have to agree. */
const healings: Readonly<Record<string, (world: World) => void>> = {
  'both ways are well': (world) => world.publish(),
  'the store is well, the control plane is not asked': (world) => {
    world.publish()
    for (const node of world.nodes) node.reachesControlPlane = false
  },
  'the control plane answers, the store is gone': ({ nodes }) => {
    for (const node of nodes) node.reachesStore = false
  },
  'the control plane answers, the store stands where it was': () => undefined,
}

export interface Schedules {
  readonly runs: number
  readonly seed?: number
}

/**
 * Plays random schedules of changes, outages, replays and restarts against data planes.
 *
 * @throws Error with the seed and the shortest schedule after which a data plane runs something else than the control
 *   plane decided, or on which one admits a key again that it has seen revoked.
 */
export async function convergeAfterPartitions({ runs, seed }: Schedules): Promise<void> {
  const schedule = fc.commands(steps, { maxCommands: 40, size: 'max' })
  const healing = fc.constantFrom(...Object.keys(healings))
  const property = fc.asyncProperty(schedule, healing, async (commands, name) => {
    const world = await World.create(2)
    try {
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands)
      for (const node of world.nodes) node.heal()
      healings[name]?.(world)
      await world.converged()
      for (const node of world.nodes) node.check()
    } finally {
      await world.close()
    }
  })
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }) })
}

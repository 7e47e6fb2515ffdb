import { expect, it } from 'vitest'
import { gathering } from '../../control-plane/gathering.ts'

function setUp() {
  const calls: { name: string; items: readonly number[]; finish: (error?: Error) => void }[] = []
  const ask = gathering<number>((name, items) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.push({ name, items, finish: (error) => (error ? reject(error) : resolve()) })
    return promise
  })
  return { ask, calls, settle: () => new Promise(setImmediate) }
}

it('does together what is asked for while it is busy, and at once what is asked for when it is not', async () => {
  const { ask, calls, settle } = setUp()
  const first = ask('acme', [1])
  await settle()
  const others = [ask('acme', [2]), ask('acme', [3, 4])]
  await settle()
  expect(calls.map(({ items }) => items)).toEqual([[1]])
  calls[0]?.finish()
  await first
  await settle()
  expect(calls.map(({ items }) => items)).toEqual([[1], [2, 3, 4]])
  calls[1]?.finish()
  await Promise.all(others)
  void ask('acme', [5])
  await settle()
  expect(calls[2]?.items).toEqual([5])
})

it('answers nobody before their own is done', async () => {
  const { ask, calls, settle } = setUp()
  const answered: number[] = []
  for (const item of [1, 2]) {
    void ask('acme', [item]).then(() => answered.push(item))
    await settle()
  }
  calls[0]?.finish()
  await settle()
  expect(answered).toEqual([1])
  calls[1]?.finish()
  await settle()
  expect(answered).toEqual([1, 2])
})

it('has no name wait for another', async () => {
  const { ask, calls, settle } = setUp()
  void ask('acme', [1])
  void ask('globex', [2])
  await settle()
  expect(calls.map(({ name }) => name)).toEqual(['acme', 'globex'])
})

it('fails those whose call failed, and goes on with the others', async () => {
  const { ask, calls, settle } = setUp()
  const failing = ask('acme', [1])
  await settle()
  const next = ask('acme', [2])
  calls[0]?.finish(new Error('away'))
  await expect(failing).rejects.toThrow('away')
  await settle()
  calls[1]?.finish()
  await expect(next).resolves.toBeUndefined()
})

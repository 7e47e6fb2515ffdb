import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { environmentVariables, unknownNames } from '../../contract/environment.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const variables = Object.entries(environmentVariables)

/** Where each process reads its environment. */
const envModules = {
  'control-plane': ['control-plane/env.ts', 'control-plane/session-settings.ts'],
  'data-plane': ['data-plane/env.ts'],
  up: ['cli/env.ts'],
} as const

it('.env.example names every variable with its default, and nothing else', () => {
  const shown = read('.env.example').matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)
  const expected = variables.map(([name, variable]) => [name, 'default' in variable ? variable.default : ''])
  expect(Array.from(shown, ([, name, value]) => [name, value])).toEqual(expected)
})

it.each(Object.entries(envModules))('%s reads what the list says, and nothing else', (process, paths) => {
  const text = paths.map(read).join('\n')
  const named = new Set(Array.from(text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g), ([name]) => name))
  const known = new Set(variables.map(([name]) => name as string))
  expect([...named].filter((name) => !known.has(name))).toEqual([])
  const own = variables.filter(([, variable]) => (variable.readBy as readonly string[]).includes(process))
  // `up` hands the planes' settings on to their own modules, which check them.
  const missing = own.filter(([name]) => !named.has(name)).map(([name]) => name)
  const handedOn =
    process === 'up' ? variables.filter(([, { readBy }]) => readBy[0] !== 'up').map(([name]) => name) : []
  expect(missing.filter((name) => !handedOn.some((other) => other === name))).toEqual([])
})

it('no env module was forgotten', () => {
  expect(
    Object.values(envModules)
      .flat()
      .filter((path) => !existsSync(join(root, path))),
  ).toEqual([])
})

it('a misspelt name of ours is noticed, and other programs’ names are left alone', () => {
  expect(unknownNames({ GATEHOUSE_DATADIR: 'x', GATEHOUSE_DATA_DIR: 'y', PATH: '/bin' })).toEqual([
    'GATEHOUSE_DATADIR',
  ])
})

import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { permissionsNamedBy, type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import { builder } from '../../../control-plane/graphql/builder.ts'
import { startApi, type TestApi } from '../api.ts'
import { renderMatrix } from './permission-document.ts'
import { customRole, type Matrix, measureMatrix, type Row } from './permission-matrix.ts'

let api: TestApi
let matrix: Matrix
let rows: Row[]

beforeAll(async () => {
  api = await startApi({ graphql: { requestsPerMinute: 100_000 } })
  matrix = await measureMatrix(api)
  rows = [...matrix.queries, ...matrix.mutations, ...matrix.subscriptions]
}, 900_000)

afterAll(() => api.close())

describe('every field, asked for real things', () => {
  it('is answered as docs/permissions.md says; "npm run permissions" renews it', async () => {
    const file = resolve(import.meta.dirname, '../../../docs/permissions.md')
    await expect(renderMatrix(matrix)).toMatchFileSnapshot(file)
  })

  it('is asked in a way that means something: name a sample in sample-operation.ts', () => {
    expect(matrix.badSamples).toEqual([])
  })

  it('is open to an admin, who finds everything [S0-10]', () => {
    const all = [...rows, ...matrix.objectFields, ...matrix.nodes]
    expect(all.filter(({ verdicts }) => verdicts.admin !== 'yes').map(({ name }) => name)).toEqual([])
  })

  it.each(Object.keys(systemRoles) as SystemRole[])(
    'is open to a %s exactly when the role says so',
    (role) => {
      const held = new Set<string>(['authenticated', ...systemRoles[role].permissions])
      const wrong = [...rows, ...matrix.objectFields].filter(
        ({ permission, verdicts }) => held.has(permission) !== (verdicts[role] === 'yes'),
      )
      expect(wrong.map(({ name }) => name)).toEqual([])
    },
  )

  it('is open to a custom role exactly when it, or what it inherits from, says so [S0-14]', () => {
    const { inherits, permissions } = customRole
    const named = permissions.flatMap(permissionsNamedBy)
    const held = new Set<string>(['authenticated', ...named, ...systemRoles[inherits].permissions])
    const wrong = [...rows, ...matrix.objectFields].filter(
      ({ permission, verdicts }) => held.has(permission) !== (verdicts.custom === 'yes'),
    )
    expect(wrong.map(({ name }) => name)).toEqual([])
  })

  it('changes nothing for a viewer [S0-12]', () => {
    expect(matrix.mutations.filter(({ verdicts }) => verdicts.viewer !== 'no')).toEqual([])
  })

  it('tells and does nothing of another organization, and nothing at all for nobody', () => {
    const all = [...rows, ...matrix.objectFields, ...matrix.nodes]
    expect(all.filter(({ verdicts }) => ['yes', 'no'].includes(verdicts.stranger))).toEqual([])
    expect(all.filter(({ verdicts }) => verdicts.nobody !== 'sign in')).toEqual([])
  })

  it('is never open elsewhere to a token of one workspace and closed there', () => {
    const odd = rows.filter(({ verdicts }) => verdicts.there !== 'yes' && verdicts.elsewhere === 'yes')
    expect(odd).toEqual([])
  })
})

describe('a field without a rule', () => {
  it('breaks the build', () => {
    // tsc fails on this line when the types ask for no permission any more. Never called: the builder is the API's own.
    const undeclared = () =>
      // @ts-expect-error "permission" is missing
      builder.queryField('undeclared', (t) => t.boolean({ resolve: () => true }))
    expect(undeclared).toBeTypeOf('function')
  })
})

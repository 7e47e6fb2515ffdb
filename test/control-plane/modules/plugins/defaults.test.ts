import Type from 'typebox'
import { expect, it } from 'vitest'
import type { Json } from '../../../../contract/canonical.ts'
import { withDefaults } from '../../../../control-plane/modules/plugins/defaults.ts'

it('defaults are filled in at any depth, and nothing that was given is replaced', () => {
  const inner = Type.Object({ a: Type.Integer({ default: 1 }), b: Type.Optional(Type.String()) })
  const schema = Type.Object({ one: inner, many: Type.Array(inner), on: Type.Boolean({ default: true }) })
  const overTheWire = JSON.parse(JSON.stringify(schema)) as Json
  expect(withDefaults(overTheWire, { one: {}, many: [{ a: 2 }, {}], on: false, extra: null })).toEqual({
    one: { a: 1 },
    many: [{ a: 2 }, { a: 1 }],
    on: false,
    extra: null,
  })
})

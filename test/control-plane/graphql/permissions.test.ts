import { describe, expect, it } from 'vitest'
import { allPermissions } from '../../../contract/permissions.ts'
import { schema } from '../../../control-plane/graphql/schema.ts'
import { declaredPermission } from './permission-matrix.ts'

const rootFields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
  (type) =>
    type
      ? Object.values(type.getFields()).map((field) => ({ operation: type.name.toLowerCase(), field }))
      : [],
)

describe('every root field', () => {
  it.each(rootFields)('$operation $field.name declares a permission of the catalogue', ({ field }) => {
    expect(['authenticated', ...allPermissions]).toContain(declaredPermission(field))
  })

  it.each(rootFields)('$operation $field.name and its arguments say what they are', ({ field }) => {
    expect(field.description).toBeTruthy()
    expect(field.args.filter(({ description }) => !description)).toEqual([])
  })
})

describe('every type', () => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))

  it.each(types)('$name and its fields say what they are', (type) => {
    const fields = 'getFields' in type ? Object.values(type.getFields()) : []
    // Unions of results are named after their mutation, which says what they are.
    const undescribed = fields.filter(({ description }) => !description).map(({ name }) => name)
    expect(undescribed).toEqual([])
    if (!type.name.endsWith('Result')) expect(type.description).toBeTruthy()
  })
})

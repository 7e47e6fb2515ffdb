import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { schema } from '../../../control-plane/graphql/schema.ts'

const { isScalarType }: typeof import('graphql') = createRequire(import.meta.url)('graphql')
const dateTime = schema.getType('DateTime')
const parse = (text: string) => (isScalarType(dateTime) ? (dateTime.parseValue(text) as Date) : undefined)

it.each([
  ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
  ['2030-01-31T12:00:00.123456789+02:00', '2030-01-31T10:00:00.123Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
  ['1900-01-01T00:00:00Z', '1900-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
])('a DateTime is a time of RFC 3339: %s', (text, time) => {
  expect(parse(text)?.toISOString()).toBe(time)
})

it.each([
  '2030-02-30T00:00:00Z',
  '2100-02-29T00:00:00Z',
  '2030-04-31T00:00:00Z',
  '2030-00-01T00:00:00Z',
  '2030-01-00T00:00:00Z',
  '2030-01-01T24:00:00Z',
  '1899-12-31T23:59:59Z',
  '9999-12-31T23:59:59-01:00',
])('a DateTime is a day of the calendar that every part of Gatehouse can hold: not %s', (text) => {
  expect(() => parse(text)).toThrow('of the years 1900 to 9999')
})

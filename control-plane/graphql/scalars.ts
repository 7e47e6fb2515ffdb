import { GraphQLError, Kind, valueFromASTUntyped } from 'graphql'
import type { Json } from '../../contract/canonical.ts'
import { builder } from './builder.ts'
import { dateTimeRule, findDateTime } from './date-time.ts'
import { formatDuration, parseDuration } from './duration.ts'

/** The largest amount that a budget's column and the contract hold: 18 digits. */
const maximumNanoUsd = 999_999_999_999_999_999n

function parseNanoUsd(value: unknown): bigint {
  if (typeof value === 'string' && /^[0-9]{1,18}$/.test(value)) return BigInt(value)
  throw new GraphQLError(
    `NanoUsd is a string of 1 to 18 decimal digits, in billionths of a US dollar ("5000000000" is 5 USD, at most "${maximumNanoUsd}")`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  )
}

builder.scalarType('NanoUsd', {
  description:
    'An amount of money in billionths of a US dollar, as a string of decimal digits: "5000000000" is 5 USD.',
  serialize: (amount) => String(amount),
  parseValue: parseNanoUsd,
  parseLiteral: (node) => parseNanoUsd(node.kind === Kind.STRING ? node.value : undefined),
})

function parseDateTime(value: unknown): Date {
  const date = findDateTime(value)
  if (date) return date
  throw new GraphQLError(`DateTime is ${dateTimeRule}`, { extensions: { code: 'BAD_USER_INPUT' } })
}

builder.scalarType('DateTime', {
  description: 'A point in time, RFC 3339 in UTC with milliseconds: "2030-01-31T12:00:00.000Z".',
  serialize: (date) => date.toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
})

builder.scalarType('Duration', {
  description:
    'A length of time, ISO 8601 in weeks or in days, hours, minutes and whole seconds: "P7D", "PT24H", "P1DT30M", "P2W".',
  serialize: formatDuration,
  parseValue: parseDuration,
  parseLiteral: (node) => parseDuration(node.kind === Kind.STRING ? node.value : undefined),
})

builder.scalarType('JSON', {
  description:
    'Any JSON value, at most 64 deep, of well-formed Unicode without U+0000; no member is called `__proto__`.',
  serialize: (value) => value,
  parseValue: (value) => value as Json,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables) as Json,
})

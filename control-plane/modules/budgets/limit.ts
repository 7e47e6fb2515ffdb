import { BadUserInput } from '../../graphql/errors.ts'

/** What the column and the contract hold. */
const maximumLimitNanoUsd = 999_999_999_999_999_999n

/** @throws BadUserInput that names the field and the bounds. */
export function checkBudgetLimit(field: string, limit: bigint): bigint {
  if (limit > 0n && limit <= maximumLimitNanoUsd) return limit
  throw new BadUserInput(
    field,
    `must be from 1 to ${maximumLimitNanoUsd} nano-USD, not ${limit}: to stop all calls, switch the keys off`,
  )
}

import { staleness } from '../../../contract/configuration/parts.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkConcurrency, checkInteger, checkText } from '../../input.ts'
import type { ContentLogging, KeyPriority, VirtualKey } from './entity.ts'
import { type ExpiryInput, readExpiry } from './expiry.ts'

/** What may be said of a key beside its name, its owner and its providers; what is left out stays as it is. */
export interface KeyFieldsInput extends ExpiryInput {
  readonly description?: string | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly priority?: KeyPriority | null | undefined
  readonly allowAllProviders?: boolean | null | undefined
  readonly contentLogging?: ContentLogging | null | undefined
  readonly deleteAfterExpiry?: boolean | null | undefined
  /** Null: as for all keys. */
  readonly requireFreshSeconds?: number | null | undefined
  /** Null: any number. */
  readonly maxConcurrentCalls?: number | null | undefined
}

type KeyFields = Pick<
  VirtualKey,
  | 'description'
  | 'tags'
  | 'priority'
  | 'allowAllProviders'
  | 'contentLogging'
  | 'expiresAt'
  | 'deleteAfterExpiry'
  | 'requireFreshSeconds'
  | 'maxConcurrentCalls'
>

/** What a key is of which nothing was said. */
export const plainFields: KeyFields = {
  description: '',
  tags: [],
  priority: 'normal',
  allowAllProviders: false,
  contentLogging: 'inherit',
  expiresAt: null,
  deleteAfterExpiry: false,
  requireFreshSeconds: null,
  maxConcurrentCalls: null,
}

const longestDescription = 1_000
const mostTags = 32
const tagPattern = /^[a-z0-9][a-z0-9._:/-]{0,63}$/

/**
 * The fields of a key once an input is applied to what they are.
 *
 * @param now Milliseconds since the epoch.
 * @throws BadUserInput
 */
export function readKeyFields(input: KeyFieldsInput, present: KeyFields, now: number): KeyFields {
  const expiresAt = readExpiry(input, now)
  const fields = {
    description: input.description == null ? present.description : checkDescription(input.description),
    tags: input.tags == null ? present.tags : checkTags('tags', input.tags),
    priority: input.priority ?? present.priority,
    allowAllProviders: input.allowAllProviders ?? present.allowAllProviders,
    contentLogging: input.contentLogging ?? present.contentLogging,
    expiresAt: expiresAt === undefined ? present.expiresAt : expiresAt,
    deleteAfterExpiry: input.deleteAfterExpiry ?? present.deleteAfterExpiry,
    requireFreshSeconds:
      input.requireFreshSeconds === undefined
        ? present.requireFreshSeconds
        : checkStaleness('requireFreshSeconds', input.requireFreshSeconds),
    maxConcurrentCalls: checkConcurrency(input.maxConcurrentCalls, present.maxConcurrentCalls),
  }
  if (fields.deleteAfterExpiry && fields.expiresAt === null) {
    throw new BadUserInput('deleteAfterExpiry', 'needs a key that expires: set "expiresAt" or "expiresIn"')
  }
  return fields
}

/**
 * How old a configuration may be; null: any age.
 *
 * @throws BadUserInput
 */
function checkStaleness(field: string, seconds: number | null): number | null {
  const { minimumSeconds: minimum, maximumSeconds: maximum } = staleness
  return seconds === null ? null : checkInteger(field, seconds, { minimum, maximum })
}

export function checkDescription(description: string): string {
  if (description === '') return description
  return checkText('description', description, { maximumLength: longestDescription })
}

/**
 * Words by which keys are found again, sorted: lower-case letters, digits and `. _ : / -`.
 *
 * @throws BadUserInput
 */
export function checkTags(field: string, tags: readonly string[]): string[] {
  const distinct = [...new Set(tags)].sort()
  if (distinct.length > mostTags) {
    throw new BadUserInput(field, `must have at most ${mostTags} entries, not ${distinct.length}`)
  }
  const wrong = distinct.find((tag) => !tagPattern.test(tag))
  if (wrong !== undefined) {
    throw new BadUserInput(
      field,
      `"${wrong.slice(0, 64)}" is no tag: 1 to 64 lower-case letters, digits and . _ : / - such as "env:prod"`,
    )
  }
  return distinct
}

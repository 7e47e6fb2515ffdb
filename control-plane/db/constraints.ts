import { ForeignKeyConstraintViolationException, UniqueConstraintViolationException } from '@mikro-orm/core'

/** What to throw instead, when the database refuses a row for this reason. */
export interface ConstraintRefusals {
  /** By the name of the unique constraint. */
  readonly unique?: Readonly<Record<string, () => Error>>
  /** A row that others refer to was to be deleted. */
  readonly referenced?: () => Error
  /** Row-level security hides the new row from whoever writes it. */
  readonly walled?: () => Error
}

/**
 * Turns a violated constraint into the caller's own error. The database's answer is the only one that holds
 * against a concurrent transaction, so that nothing is checked beforehand.
 */
export async function refuseViolations<T>(refusals: ConstraintRefusals, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) {
      const refusal = refusals.unique?.[constraintOf(error) ?? '']
      if (refusal) throw refusal()
    }
    if (error instanceof ForeignKeyConstraintViolationException && refusals.referenced) {
      throw refusals.referenced()
    }
    if (refusals.walled && error instanceof Error && codeOf(error) === insufficientPrivilege) {
      throw refusals.walled()
    }
    throw error
  }
}

/** SQLSTATE of a violated policy. */
const insufficientPrivilege = '42501'

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function constraintOf(error: Error): string | undefined {
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : undefined
}

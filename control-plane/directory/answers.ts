import { DirectoryFailed } from './directory.ts'

export type JsonRecord = Readonly<Record<string, unknown>>

/*
 * Reading what a directory answered. What is not as its documentation says ends the reading: nobody is to lose anything
 * because an answer was misread.
 */

/** @throws DirectoryFailed */
export function recordOf(value: unknown): JsonRecord {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord
  throw malformed('holds no object where one must be')
}

/** @throws DirectoryFailed */
export function recordsOf(value: unknown): readonly JsonRecord[] {
  if (!Array.isArray(value)) throw malformed('holds no list where one must be')
  return value.map(recordOf)
}

/** The list under this name; none where the member is left out, as protobuf and Google do with empty ones. */
export function listIn(record: JsonRecord, name: string): readonly JsonRecord[] {
  return record[name] === undefined ? [] : recordsOf(record[name])
}

/** An id as ID tokens have it. @throws DirectoryFailed */
export function subjectOf(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= 255 && !/[\p{Cc}\p{Cs}]/u.test(value))
    return value
  throw malformed('holds somebody without a usable id')
}

/** @throws DirectoryFailed */
export function flagOf(record: JsonRecord, name: string): boolean {
  const value = record[name]
  if (typeof value === 'boolean') return value
  throw malformed(`does not say whether somebody is "${name}"`)
}

/** @throws DirectoryFailed */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
  throw malformed('does not say how many people there are')
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

/** The value of a group or role; null for one that no rule could name. */
export function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 256 && !/[\p{Cc}\p{Cs}]/u.test(value)
    ? value
    : null
}

export function malformed(what: string): DirectoryFailed {
  return new DirectoryFailed('malformed', `The directory’s answer ${what}`)
}

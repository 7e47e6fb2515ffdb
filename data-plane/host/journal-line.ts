import { crc32 } from 'node:zlib'

/*
 * A line of the journal is a JSON object with one member, which says what it is, and behind that the checksum of all bytes
 * before: {"event":{…},"crc":"1a2b3c4d"}. Lines of releases before 0.2 have none.
 */

const lineFeed = 0x0a
const crcHead = Buffer.from(',"crc":"')
const crcTail = Buffer.from('"}')
const crcDigits = 8
const sealBytes = crcHead.length + crcDigits + crcTail.length
const digits = Buffer.from('0123456789abcdef')
const eventHead = Buffer.from('{"event":')

/** What stands behind a line's record, the line feed included. */
export const lineEndBytes = sealBytes + 1

/** The checksum of a line does not match, so that not a byte of it is to be believed. */
export class LineDamaged extends Error {
  override readonly name = 'LineDamaged'
}

/** Ends the line that begins at `start` and whose record ends at `end`. @returns the index behind it */
export function endLine(bytes: Buffer, start: number, end: number): number {
  let at = end + crcHead.copy(bytes, end)
  const checksum = crc32(bytes.subarray(start, end))
  for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = digits[(checksum >>> shift) & 15] ?? 0
  at += crcTail.copy(bytes, at)
  bytes[at++] = lineFeed
  return at
}

/** A whole line of its own. */
export function sealLine(kind: string, json: string): Buffer {
  const record = Buffer.from(`{"${kind}":${json}`)
  const line = Buffer.alloc(record.length + lineEndBytes)
  record.copy(line)
  endLine(line, 0, record.length)
  return line
}

/**
 * The record of a line, as a view without checksum and closing brace.
 *
 * @param line without its line feed
 * @throws LineDamaged
 */
export function openLine(line: Buffer): Buffer {
  const end = line.length - sealBytes
  const isSealed = end >= 0 && line.compare(crcHead, 0, crcHead.length, end, end + crcHead.length) === 0
  // What only looks as if it had no checksum is no record either: the damage is in the JSON then.
  if (!isSealed) return line.subarray(0, line.length - 1)
  const record = line.subarray(0, end)
  const seal = `${crc32(record).toString(16).padStart(crcDigits, '0')}"}`
  if (line.toString('latin1', end + crcHead.length) !== seal)
    throw new LineDamaged('its checksum does not match')
  return record
}

/** The JSON of the event, when the line, without its line feed, holds one. @throws LineDamaged */
export function eventOf(line: Buffer): Buffer | undefined {
  const isEvent = line.compare(eventHead, 0, eventHead.length, 0, eventHead.length) === 0
  return isEvent ? openLine(line).subarray(eventHead.length) : undefined
}

import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { CallsUnrecorded } from '../../contract/events.ts'
import { ContractViolation, checkerOf } from '../../contract/validation.ts'
import type { HostLog } from './host-log.ts'

/** Room for any report. */
const fileBytes = 512
const privateFileMode = 0o600
const check = checkerOf('count of unrecorded calls', CallsUnrecorded)

/**
 * Counts the calls that have no record, for the report to the control plane. The count is kept in a file of fixed size
 * whose bytes are overwritten in their place, which most file systems do on a full disk too: it survives the death of the
 * process.
 */
export class UnrecordedCalls {
  readonly #log: HostLog
  readonly #now: () => number
  /** Undefined where the file cannot be made; the count is then in memory alone. */
  readonly #fd: number | undefined
  #pending: CallsUnrecorded | undefined
  #calls = 0
  #refusals = 0

  constructor(directory: string, now: () => number, log: HostLog) {
    this.#log = log
    this.#now = now
    this.#fd = this.#open(join(directory, 'unrecorded.json'))
    this.#pending = this.#read()
  }

  /** Served without a record, since the start of the process. */
  get calls(): number {
    return this.#calls
  }

  /** Refused without a record, since the start of the process. */
  get refusals(): number {
    return this.#refusals
  }

  /** What the control plane has not been told, of earlier processes too. */
  get pending(): CallsUnrecorded | undefined {
    return this.#pending
  }

  noteCall(): void {
    this.#calls++
    this.#add(1, 0)
  }

  noteRefusal(): void {
    this.#refusals++
    this.#add(0, 1)
  }

  /** What is pending is in the journal now. */
  forget(): void {
    this.#pending = undefined
    this.#write('')
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  #add(served: number, refused: number): void {
    const at = this.#now()
    const before = this.#pending ?? {
      ...{ type: 'calls.unrecorded' as const, id: randomUUID() },
      ...{ from: at, until: at, served: 0, refused: 0 },
    }
    this.#pending = {
      ...before,
      until: Math.max(before.until, at),
      served: before.served + served,
      refused: before.refused + refused,
    }
    this.#write(JSON.stringify(this.#pending))
    const count = this.#calls + this.#refusals
    if (count === 1 || count % 10_000 === 0) {
      const fields = { served: this.#calls, refused: this.#refusals }
      this.#log.error(fields, 'the journal has no room: calls go unrecorded')
    }
  }

  #open(path: string): number | undefined {
    try {
      const fd = openSync(path, 'a+', privateFileMode)
      if (fstatSync(fd).size < fileBytes) writeSync(fd, ' '.repeat(fileBytes))
      closeSync(fd)
      return openSync(path, 'r+')
    } catch (error) {
      this.#log.error({ err: error }, 'the count of unrecorded calls is kept in memory alone')
      return undefined
    }
  }

  #read(): CallsUnrecorded | undefined {
    if (this.#fd === undefined) return undefined
    const bytes = Buffer.alloc(fileBytes)
    readSync(this.#fd, bytes, 0, fileBytes, 0)
    const text = bytes.toString('utf8').trim()
    if (text === '') return undefined
    try {
      return check(JSON.parse(text))
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof ContractViolation)) throw error
      this.#log.error({ err: error }, 'the count of unrecorded calls cannot be read')
      return undefined
    }
  }

  #write(text: string): void {
    if (this.#fd === undefined) return
    try {
      writeSync(this.#fd, text.padEnd(fileBytes), 0)
    } catch (error) {
      this.#log.error({ err: error }, 'the count of unrecorded calls cannot be written')
    }
  }
}

import { randomBytes } from 'node:crypto'

/** Crockford's base 32, as ULIDs use it. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const processPart = Array.from(randomBytes(11), (byte) => digits[byte & 31]).join('')
let count = 0
let lastMs = -1
let timePart = ''

/** A new id: sorts by time, unique over all data planes (55 random bits per process and a counter). */
export function nextCallId(nowMs: number): string {
  if (nowMs !== lastMs) {
    lastMs = nowMs
    timePart = encode(nowMs, 10)
  }
  count = (count + 1) % 2 ** 25
  return `call_${timePart}${encode(count, 5)}${processPart}`
}

function encode(value: number, length: number): string {
  let text = ''
  let rest = value
  for (let index = 0; index < length; index++) {
    text = digits[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  return text
}

import { expect, it } from 'vitest'
import { readTrace } from '../../prove/system-calls.ts'

const trace = `
12 write(21</state/journal/1.log>, "intent one\\n", 11) = 11
14 fdatasync(21</state/journal/1.log> <unfinished ...>
12 write(24<TCP:[127.0.0.1:1->127.0.0.1:2]>, "one (two)", 9) = 9
14 <... fdatasync resumed>)            = 0
15 fdatasync(21</state/journal/1.log>) = -1 EIO (Input/output error)
`.trim()

it('a call that another thread interrupts in the trace has one beginning and one end', () => {
  expect(
    readTrace(trace).map(({ name, beganAt, endedAt, result }) => [name, beganAt, endedAt, result]),
  ).toEqual([
    ['write', 0, 0, 11],
    ['write', 2, 2, 9],
    ['fdatasync', 1, 3, 0],
    ['fdatasync', 4, 4, -1],
  ])
})

it('a call is known by what its file descriptor stands for, and by what it writes', () => {
  const [record, request] = readTrace(trace)
  expect(record).toMatchObject({
    target: '/state/journal/1.log',
    data: expect.stringContaining('intent one'),
  })
  expect(request).toMatchObject({
    target: 'TCP:[127.0.0.1:1->127.0.0.1:2]',
    data: expect.stringContaining('one (two)'),
  })
})

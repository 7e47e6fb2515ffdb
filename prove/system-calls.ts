import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { endWithUs } from '../test/acceptance/end-with-us.ts'
import { eventually } from '../test/acceptance/gateway.ts'

export interface SystemCall {
  readonly name: string
  /** What its file descriptor stands for: a path, or a socket with both its addresses. */
  readonly target: string
  readonly data: string
  /** Its place in the order in which calls of all threads began, and that in which they ended. */
  readonly beganAt: number
  readonly endedAt: number
  readonly result: number
}

const names = ['write', 'writev', 'sendto', 'sendmsg', 'fdatasync']
const attachLimitMs = 10_000

export function canTrace(): boolean {
  return spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0
}

/** Records what a process asks of the operating system while `work` runs. */
export async function traceSystemCalls(
  pid: number,
  file: string,
  work: () => Promise<void>,
): Promise<SystemCall[]> {
  const flags = ['-f', '-yy', '-s', '1000000', '-e', `trace=${names}`, '-o', file, '-p', String(pid)]
  const tracer = spawn('strace', flags, { stdio: ['ignore', 'ignore', 'pipe'] })
  endWithUs(tracer)
  let said = ''
  tracer.stderr.on('data', (text) => {
    said += text
  })
  await eventually(
    () => /attached/.test(said),
    attachLimitMs,
    () => said,
  )
  try {
    await work()
  } finally {
    const ended = once(tracer, 'close')
    tracer.kill('SIGINT')
    await ended
  }
  return readTrace(readFileSync(file, 'latin1'))
}

const begun = /^(\d+) +(\w+)\(\d+<(.*?)>([,) ].*)$/
const resumed = /^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)/
const result = /\) += (-?\d+)/

/** A call of one thread may begin and end on two lines, with those of others between. */
export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, Omit<SystemCall, 'endedAt' | 'result'>>()
  for (const [at, line] of text.split('\n').entries()) {
    const [, thread = '', name = '', target = '', rest = ''] = begun.exec(line) ?? []
    if (name !== '') {
      const call = { name, target, data: rest, beganAt: at }
      if (rest.endsWith('<unfinished ...>')) unfinished.set(thread, call)
      else calls.push({ ...call, endedAt: at, result: Number(result.exec(rest)?.[1]) })
      continue
    }
    const [, ending = '', , returned] = resumed.exec(line) ?? []
    const call = unfinished.get(ending)
    if (call) calls.push({ ...call, endedAt: at, result: Number(returned) })
    unfinished.delete(ending)
  }
  return calls
}

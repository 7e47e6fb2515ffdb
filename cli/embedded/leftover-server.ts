import { readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { StartRefused } from '../start-refused.ts'
import { isAlive, runCommand } from './child-process.ts'

const POLL_MS = 20

/**
 * Ends a server that outlived its parent (which was killed, or lost its terminal), if the recorded process is
 * that server: in a container a recorded pid soon belongs to somebody else.
 */
export async function endLeftover(
  pid: number,
  directory: string,
  signals: readonly NodeJS.Signals[],
): Promise<void> {
  if (!Number.isInteger(pid) || pid <= 1 || !(await worksIn(pid, directory))) return
  for (const signal of signals) {
    if (isAlive(pid)) process.kill(pid, signal)
    const deadline = Date.now() + 15_000
    while (isAlive(pid) && Date.now() < deadline) await delay(POLL_MS)
  }
  if (isAlive(pid)) {
    throw new StartRefused(
      `Process ${pid} of an earlier start still uses ${directory} and does not stop: end it first`,
    )
  }
}

/** Both servers work inside their data directory, so that is what their process shows. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform === 'linux') {
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    return workingDirectory === directory
  }
  const { output } = await runCommand('lsof', ['-a', '-d', 'cwd', '-Fn', '-p', String(pid)], {
    timeoutMs: 5_000,
  })
  return output.split('\n').includes(`n${directory}`)
}

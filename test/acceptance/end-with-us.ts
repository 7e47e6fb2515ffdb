import type { ChildProcess } from 'node:child_process'

/** Whatever a test or a proof starts does not outlive it, even when it ends in the middle. */
export function endWithUs(child: ChildProcess): void {
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
}

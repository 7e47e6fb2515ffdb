import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname

/**
 * Makes sure that everything outside of this repository is there: wrk, taskset, two cores, and the gateway that we
 * compare with. Installs what it can.
 *
 * @throws Error that says what to install.
 */
export function prepareMachine(options: { withPortkey: boolean; progress: (text: string) => void }): void {
  const { withPortkey, progress } = options
  if (process.platform !== 'linux')
    throw new Error('the benchmark needs Linux: it pins processes and reads /proc')
  if (availableParallelism() < 2) throw new Error('the benchmark needs two CPU cores')
  if (!isOnPath('taskset')) throw new Error('the benchmark needs taskset: apt-get install util-linux')
  if (!isOnPath('wrk')) installWrk(progress)
  if (!isOnPath('redis-server')) throw new Error('the benchmark needs Redis: apt-get install redis-server')
  if (withPortkey && !existsSync(join(here, 'node_modules', '@portkey-ai', 'gateway'))) {
    progress('installing @portkey-ai/gateway into bench/node_modules')
    run('npm', ['ci', '--prefix', here, '--ignore-scripts', '--no-audit', '--no-fund'])
  }
}

function installWrk(progress: (text: string) => void): void {
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !isOnPath('apt-get')) {
    throw new Error(
      'the benchmark needs wrk (https://github.com/wg/wrk): apt-get install wrk, or brew install wrk',
    )
  }
  progress('installing wrk with apt-get')
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', 'wrk'])
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '')
    .split(':')
    .some((folder) => folder !== '' && existsSync(join(folder, program)))
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, {
    // Nothing but results goes to stdout.
    stdio: ['ignore', 2, 2],
    timeout: 300_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * From now on the kernel refuses to let any file of this process grow beyond `bytes`, in the middle of a write as a
 * full disk does.
 */
export function limitFileBytes(bytes: number): void {
  setFileLimit(String(bytes))
}

export function liftFileLimit(): void {
  setFileLimit('unlimited')
}

/** Only the soft limit, which its owner may raise again. */
function setFileLimit(soft: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:`])
}

/** Length of a directory's newest file. */
export function newestFileBytes(directory: string): number {
  const newest = readdirSync(directory).sort().at(-1) ?? ''
  return statSync(join(directory, newest)).size
}

export function countOpenFiles(): number {
  return readdirSync('/proc/self/fd').length
}

/** Opens `target` in the place of this process's open file `path`. @returns what puts the file back */
export function replaceOpenFile(path: string, target: string): () => void {
  const fd = readdirSync('/proc/self/fd')
    .map(Number)
    .find((number) => linkOf(number) === path)
  if (fd === undefined) throw new Error(`${path} is not open`)
  reopen(fd, target)
  return () => reopen(fd, path)
}

/** The kernel gives the lowest number that is free. */
function reopen(fd: number, path: string): void {
  const others: number[] = []
  closeSync(fd)
  for (let opened = openSync(path, 'a'); opened !== fd; opened = openSync(path, 'a')) others.push(opened)
  for (const other of others) closeSync(other)
}

function linkOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // The one that the directory was read with.
    return undefined
  }
}

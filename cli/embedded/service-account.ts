import { readFileSync } from 'node:fs'
import { StartRefused } from '../start-refused.ts'
import { type Account, runCommand } from './child-process.ts'

/** PostgreSQL refuses to run as root, so root runs it as one of these, the first that the machine knows. */
const candidates = ['postgres', 'nobody']

/** The account for the database, or undefined where this process is an ordinary user. */
export function serviceAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const rows = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of candidates) {
    const [, , uid, gid] = rows.find((row) => row.startsWith(`${name}:`))?.split(':') ?? []
    // Where `nobody` is written as -2, the kernel means the unsigned number.
    if (uid !== undefined && gid !== undefined)
      return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
  }
  throw new StartRefused(
    `PostgreSQL does not run as root and this machine has no user ${candidates.join(' or ')}: start as an ordinary user, or set DATABASE_URL`,
  )
}

/** Asked of the machine itself rather than computed from modes: parents, ACLs and mounts all count. */
export async function canUse(
  account: Account | undefined,
  test: '-x' | '-w',
  path: string,
): Promise<boolean> {
  const { code } = await runCommand('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], {
    account,
    timeoutMs: 5_000,
  })
  return code === 0
}

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chat, nodeStatus } from '../test/acceptance/calls.ts'
import { eventually } from '../test/acceptance/gateway.ts'
import { issueKey, revokeKey } from '../test/acceptance/keys.ts'
import { Plane } from '../test/acceptance/plane.ts'
import { createEnrolmentToken, type Planes } from '../test/acceptance/planes.ts'
import type { Progress, ProofVerdict } from './proof.ts'

/** The last commit whose contract knew neither `advisory`, nor `maxStalenessSeconds`, nor successors of a signing key. */
const earlierCommit = 'c5fbcd6a70298fa81ad5b86dda6cb1a0abdeefb4'
const repository = resolve(import.meta.dirname, '..')
const limitMs = 20_000

const promise =
  'a data plane of the release before serves under the newer control plane, and gets its revocations even beside what it cannot read'

/** The data plane is a process of the earlier commit's own source. */
export async function provePreviousRelease(planes: Planes, progress: Progress): Promise<ProofVerdict> {
  const root = join(planes.folder, 'release-before')
  if (!unpack(root)) return { promise, skipped: `the history of the repository, with ${earlierCommit}` }
  const older = new Plane('data-plane', await environmentOf(planes), root)
  try {
    await older.start()
    const held = await observe(planes, older, progress)
    return { promise, ...held, kept: Object.values(held).every(Boolean) }
  } finally {
    await older.kill()
  }
}

async function observe(planes: Planes, older: Plane, progress: Progress) {
  const [used, first, second] = await Promise.all(
    ['used', 'revoked', 'revoked later'].map((name) => issueKey(planes, planes.demo, { name })),
  )
  if (!used || !first || !second) throw new Error('no keys')
  const answers = ({ secret }: { readonly secret: string }, status: number) =>
    eventually(async () => (await chat(older, secret)).status === status, limitMs).then(
      () => true,
      () => false,
    )
  const serves = (await answers(used, 200)) && (await answers(first, 200)) && (await answers(second, 200))
  await revokeKey(planes, first.id)
  const revokes = await answers(first, 403)
  progress('what the release before does not know is switched on')
  await planes.graphql(
    `mutation { updateClientConfiguration(input: { maxStalenessSeconds: 3600 }) { __typename } }`,
  )
  const refusal = async () => (await nodeStatus(older)).node.applyStatus === 'refused'
  const refusesUnknown = await eventually(refusal, limitMs).then(
    () => true,
    () => false,
  )
  await revokeKey(planes, second.id)
  const revokesBesideUnknown = await answers(second, 403)
  const goesOn = (await chat(older, used.secret)).status === 200
  return { serves, revokes, refusesUnknown, revokesBesideUnknown, goesOn }
}

/** @returns whether the history holds the commit. */
function unpack(root: string): boolean {
  const options = { cwd: repository, maxBuffer: 256 * 1024 * 1024 }
  let archive: Buffer
  try {
    archive = execFileSync('git', ['archive', '--format=tar', earlierCommit], { ...options, stdio: 'pipe' })
  } catch {
    return false
  }
  mkdirSync(root)
  execFileSync('tar', ['-x', '-C', root], { input: archive })
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  return true
}

async function environmentOf(planes: Planes): Promise<Record<string, string>> {
  return {
    REDIS_URL: planes.redis.url,
    CONTROL_PLANE_URL: planes.controlPlane.address('url'),
    GATEHOUSE_ENROLMENT_TOKEN: await createEnrolmentToken(planes),
    GATEHOUSE_STATE_DIR: join(planes.folder, 'data-plane-before'),
    DATA_PLANE_NAME: 'release before',
    DATA_PLANE_PORT: '0',
    DATA_PLANE_STATUS_PORT: '0',
  }
}

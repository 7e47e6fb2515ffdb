import { readFile } from 'node:fs/promises'
import { type ConfigurationBundle, readBundle, writeBundle } from '../../contract/configuration/bundle.ts'
import { compareVersions, type Head } from '../../contract/configuration/documents.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { AskControlPlane } from './ask-control-plane.ts'
import { openCredentials } from './credentials.ts'
import type { ConfigurationDisk } from './disk.ts'
import { writeDurably } from './durable-file.ts'
import { statementOf } from './head-statement.ts'
import type { Identity } from './identity.ts'
import { reachHead } from './reach.ts'
import { ConfigurationRefused } from './refusal.ts'
import type { Replica } from './replica.ts'
import { openTrusted, readHead } from './verify.ts'

/** A bundle that this data plane may use, all of it verified. */
interface VerifiedBundle {
  readonly credentials: string
  readonly head: Head
  readonly replica: Replica
}

/**
 * Puts the configuration of a bootstrap file on the disk of a data plane that has none as new, where the start finds it
 * like one that it saved itself. A file that cannot be used changes nothing.
 *
 * @returns why the file was refused; undefined when it was not.
 */
export async function takeBootstrapFile(
  path: string,
  disk: ConfigurationDisk,
  identity: Identity,
): Promise<string | undefined> {
  try {
    await disk.prepare()
    const bundle = await readBootstrapFile(path)
    if (await holdsAsNew(disk, headOf(bundle, identity), identity)) return undefined
    const { head, replica, credentials } = await verify(bundle, identity)
    await disk.save({ head, envelope: bundle.head, replica, deltas: undefined })
    if (!(await holdsCredentials(disk, credentials, identity))) await disk.saveCredentials(credentials)
    return undefined
  } catch (error) {
    if (error instanceof ConfigurationRefused)
      return `the bootstrap file ${path} is not used: ${error.message}`
    throw error
  }
}

/**
 * Writes what `takeBootstrapFile` takes: what the control plane has for this data plane, or, when it does not answer,
 * what this data plane has on its own disk.
 *
 * @throws ConfigurationRefused when neither has a configuration that this data plane could use.
 */
export async function writeBootstrapFile(options: {
  readonly path: string
  readonly ask: AskControlPlane
  readonly disk: ConfigurationDisk
  readonly identity: Identity
}): Promise<{ readonly head: Head; readonly source: 'the control plane' | 'the disk' }> {
  const { path, ask, disk, identity } = options
  const question = { from: null, offered: null, needsCredentials: true, standing: null }
  const asked = await ask(question, new AbortController().signal).catch((error: Error) => error)
  const bundle = asked instanceof Error ? await readDisk(disk, asked) : asked
  const { head } = await verify(bundle, identity)
  await writeDurably(path, writeBundle(bundle))
  return { head, source: asked instanceof Error ? 'the disk' : 'the control plane' }
}

async function readBootstrapFile(path: string): Promise<ConfigurationBundle> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new ConfigurationRefused(`it cannot be read (${code})`)
  }
  try {
    return readBundle(bytes)
  } catch (error) {
    if (error instanceof ContractViolation) throw new ConfigurationRefused(error.message)
    throw error
  }
}

async function readDisk(disk: ConfigurationDisk, silence: Error): Promise<ConfigurationBundle> {
  // Not prepared: its data plane may be writing there.
  const [newest] = await disk.generations().catch(() => [])
  const [credentials] = await disk.readCredentials()
  if (!newest || credentials === undefined) {
    throw new ConfigurationRefused(
      `the control plane does not answer (${silence.message}), and the state directory holds no configuration`,
    )
  }
  // The head first: what is appended meanwhile stands behind it.
  const head = await newest.readHead()
  return {
    head,
    credentials,
    snapshot: await newest.readSnapshot(),
    deltas: await newest.readDeltas(0),
  }
}

/** @throws ConfigurationRefused */
async function verify(bundle: ConfigurationBundle, identity: Identity): Promise<VerifiedBundle> {
  const head = headOf(bundle, identity)
  const source = { readSnapshot: async () => bundle.snapshot, readDeltas: async () => bundle.deltas }
  const { replica } = await reachHead(head, source, identity, undefined)
  const { credentials } = bundle
  if (credentials === null) throw new ConfigurationRefused('it holds no credentials')
  await openCredentials(credentials, identity, identity)
  return { credentials, head, replica }
}

function headOf({ head }: ConfigurationBundle, identity: Identity): Head {
  return readHead(openTrusted('gatehouse/config-head', head, identity), identity)
}

/** Judged by the signed heads: each is the last thing that is written of a saved configuration. */
async function holdsAsNew(disk: ConfigurationDisk, head: Head, identity: Identity): Promise<boolean> {
  if ((await disk.readCredentials()).length === 0) return false
  for (const generation of await disk.generations()) {
    const saved = statementOf(await generation.readHead().catch(() => ''), identity)
    if (saved && compareVersions(saved, head) >= 0) return true
  }
  return false
}

async function holdsCredentials(
  disk: ConfigurationDisk,
  sealed: string,
  identity: Identity,
): Promise<boolean> {
  const [newest] = await disk.readCredentials()
  if (newest === undefined) return false
  try {
    const saved = await openCredentials(newest, identity, identity)
    return compareVersions(saved, await openCredentials(sealed, identity, identity)) >= 0
  } catch (error) {
    if (error instanceof ConfigurationRefused) return false
    throw error
  }
}

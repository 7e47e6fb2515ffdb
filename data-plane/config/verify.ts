import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import {
  CONFIGURATION_FORMAT,
  compareVersions,
  type Delta,
  type Head,
  parseDelta,
  parseHead,
  type Snapshot,
  type Version,
} from '../../contract/configuration/documents.ts'
import { readSnapshotText } from '../../contract/configuration/snapshot-text.ts'
import { type KeyLookup, open, SignatureRefused } from '../../contract/signed.ts'
import { ConfigurationRefused, parseOrRefuse, refusalOf } from './refusal.ts'

/** Whom this data plane believes: one organization's control plane, by the key that enrolment pinned and its successors. */
export interface Trust {
  readonly organizationId: string
  readonly controlPlane: BelievedKeys
}

export interface BelievedKeys {
  /** Finds the public key of a key id that is believed. */
  readonly find: KeyLookup
  /** Takes up what a head says of the keys that are believed from now on. */
  learn(envelope: string): void
}

/** The part of a head that every release can read, older ones included. */
const KillListCarrier = Type.Object({
  organizationId: Type.String(),
  epoch: Type.Integer(),
  revision: Type.Integer(),
  revoked: Type.Array(Type.String()),
})
const killListValidator = Compile(KillListCarrier)

export type KillList = Static<typeof KillListCarrier>

type TrustedType = 'gatehouse/config-head' | 'gatehouse/credentials' | 'gatehouse/data-plane-revoked'

/** The payload of an envelope that the pinned key signed for this purpose. */
export function openTrusted(type: TrustedType, envelope: string, trust: Trust): string {
  try {
    if (type !== 'gatehouse/credentials') trust.controlPlane.learn(envelope)
    return open(type, envelope, trust.controlPlane.find).payload
  } catch (error) {
    if (error instanceof SignatureRefused) throw new ConfigurationRefused(`${names[type]}: ${error.message}`)
    throw error
  }
}

/**
 * The kill list of an authentic head of any format, or nothing when it carries none. Read apart from the head,
 * so that a data plane that is too old for the rest still refuses revoked keys.
 */
export function readKillList(payload: string, trust: Trust): KillList | undefined {
  let document: unknown
  try {
    document = JSON.parse(payload)
  } catch {
    return undefined
  }
  if (!killListValidator.Check(document) || document.organizationId !== trust.organizationId) return undefined
  return document
}

/** @throws ConfigurationRefused when the signed payload is no head for this organization. */
export function readHead(payload: string, trust: Trust): Head {
  const head = parseOrRefuse('head', payload, CONFIGURATION_FORMAT, parseHead)
  if (head.organizationId !== trust.organizationId) throw foreign('head', head.organizationId, trust)
  return head
}

/** @throws ConfigurationRefused when `head` would lead back, or tells another story of a version already seen. */
export function assertNotBackwards(head: Head, seen: Pick<Head, 'epoch' | 'revision' | 'hash'>): void {
  const order = compareVersions(head, seen)
  if (head.epoch < seen.epoch) {
    throw new ConfigurationRefused(
      `head is at ${nameVersion(head)}, of a lineage that ended: epoch ${seen.epoch} was already seen`,
    )
  }
  if (order < 0) {
    throw new ConfigurationRefused(
      `head is at ${nameVersion(head)}, older than ${nameVersion(seen)} already seen`,
    )
  }
  if (order === 0 && head.hash !== seen.hash) {
    throw new ConfigurationRefused(
      `head names ${nameVersion(head)} with hash ${head.hash}, but that version had hash ${seen.hash}`,
    )
  }
}

/** In slices, so that a large one does not hold up the calls in flight. */
export async function readSnapshot(
  json: string,
  trust: Trust,
  pause: () => Promise<void>,
): Promise<Snapshot> {
  const snapshot = await readSnapshotText(json, pause).catch((error: unknown) => {
    throw refusalOf(error, 'snapshot', json, CONFIGURATION_FORMAT)
  })
  if (snapshot.organizationId !== trust.organizationId)
    throw foreign('snapshot', snapshot.organizationId, trust)
  return snapshot
}

export function readDelta(json: string, trust: Trust): Delta {
  const delta = parseOrRefuse('delta', json, CONFIGURATION_FORMAT, parseDelta)
  if (delta.organizationId !== trust.organizationId) throw foreign('delta', delta.organizationId, trust)
  return delta
}

export function nameVersion({ epoch, revision }: Version): string {
  return `epoch ${epoch}, revision ${revision}`
}

function foreign(what: string, organizationId: string, trust: Trust): ConfigurationRefused {
  return new ConfigurationRefused(
    `${what} is for organization ${organizationId}, this data plane serves ${trust.organizationId}`,
  )
}

const names: Readonly<Record<TrustedType, string>> = {
  'gatehouse/config-head': 'head',
  'gatehouse/credentials': 'credentials',
  'gatehouse/data-plane-revoked': 'revocation notice',
}

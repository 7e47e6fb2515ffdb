import { canonicalJson, type Json } from '../../contract/canonical.ts'
import {
  CONFIGURATION_FORMAT,
  type Delta,
  type Head,
  parseHead,
  type Version,
} from '../../contract/configuration/documents.ts'
import { entitySeparator, snapshotEnd, snapshotStart } from '../../contract/configuration/snapshot-text.ts'
import { open, SignatureRefused, type Signers, sealWithSuccession } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { InstallationSigners } from '../secrets/signers.ts'
import type { RecordedChange } from './revision.ts'

/** A version and its root hash. */
export interface HashedVersion extends Version {
  readonly hash: string
}

export interface HeadFacts extends HashedVersion {
  readonly issuedAt: number
  readonly revoked: readonly string[]
}

/** The signed statement that this is the configuration now. */
export function headDocument(signers: Signers, organizationId: string, facts: HeadFacts): string {
  const { epoch, revision, hash, issuedAt, revoked } = facts
  const head: Head = {
    format: CONFIGURATION_FORMAT,
    organizationId,
    epoch,
    revision,
    hash,
    issuedAt,
    revoked: [...revoked],
  }
  return sealWithSuccession('gatehouse/config-head', canonicalJson(head), signers)
}

/** A head that this installation signed, or nothing when the store holds anything else. */
export function openHeadDocument(
  signers: InstallationSigners,
  organizationId: string,
  document: string | null,
): Head | undefined {
  if (document === null) return undefined
  try {
    const { payload } = open('gatehouse/config-head', document, signers.find)
    const head = parseHead(payload)
    return head.organizationId === organizationId ? head : undefined
  } catch (error) {
    if (error instanceof SignatureRefused || error instanceof ContractViolation) return undefined
    throw error
  }
}

/** What one revision changed; the head's hash vouches for it. */
export function deltaDocument(
  organizationId: string,
  { epoch, revision, hash }: HashedVersion,
  { upserts, removals }: RecordedChange,
): string {
  const delta: Delta = {
    format: CONFIGURATION_FORMAT,
    organizationId,
    epoch,
    revision,
    hash,
    upserts: [...upserts],
    removals: [...removals],
  }
  return canonicalJson(delta as Json)
}

/** @param entities their canonical texts, each of one or of several with the separator between them. */
export function snapshotDocument(
  organizationId: string,
  { epoch, revision, hash }: HashedVersion,
  entities: readonly string[],
): string {
  const start = snapshotStart({ format: CONFIGURATION_FORMAT, organizationId, epoch, revision, hash })
  return `${start}${entities.join(entitySeparator)}${snapshotEnd}`
}

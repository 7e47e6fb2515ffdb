import Type from 'typebox'
import { canonicalJson } from '../canonical.ts'
import { parserOf } from '../validation.ts'
import { parseSnapshot, type Snapshot } from './documents.ts'
import { RawEntity } from './reading.ts'

/*
 * A snapshot has one entity a line, so that with a hundred thousand of them neither side has to hold up everything else
 * while it writes or reads. It is JSON like any other: releases that know nothing of lines parse it whole.
 */

/** What a snapshot says before its entities. */
export type SnapshotAbout = Omit<Snapshot, 'entities'>

const opening = ',"entities":[\n'
export const entitySeparator = ',\n'
export const snapshotEnd = '\n]}'

const parseEntities = parserOf('entities of the snapshot', Type.Array(RawEntity))
/** Longer than all that stands before the entities. */
const longestStart = 4_096
const sliceLength = 256 * 1024

/** The text up to the first entity. */
export function snapshotStart(about: SnapshotAbout): string {
  return `${canonicalJson({ ...about }).slice(0, -1)}${opening}`
}

/**
 * Reads a snapshot, slice by slice where it has lines.
 *
 * @param pause awaited after each slice.
 * @throws ContractViolation
 */
export async function readSnapshotText(text: string, pause: () => Promise<void>): Promise<Snapshot> {
  const start = text.slice(0, longestStart).indexOf(opening)
  if (start === -1 || !text.endsWith(snapshotEnd)) return parseSnapshot(text)
  const about = parseSnapshot(`${text.slice(0, start)}${opening}]}`)
  const entities: RawEntity[] = []
  const end = text.length - snapshotEnd.length
  for (let from = start + opening.length; from < end; ) {
    // No JSON string holds a line break: where one is, an entity has ended.
    const separator = text.indexOf(entitySeparator, from + sliceLength)
    const to = separator === -1 ? end : separator
    for (const entity of parseEntities(`[${text.slice(from, to)}]`)) entities.push(entity)
    from = to + entitySeparator.length
    await pause()
  }
  return { ...about, entities }
}

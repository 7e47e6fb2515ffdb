import { subjectOf } from './answers.ts'
import type { Step } from './directory.ts'

const mostInParallel = 8

/** Asks about each of a step's people, a few at a time. */
export async function forEachSubject(
  { subjects }: Step,
  ask: (subject: string) => Promise<void>,
): Promise<void> {
  const queue = (Array.isArray(subjects) ? subjects : []).map(subjectOf).values()
  const work = async () => {
    for (const subject of queue) await ask(subject)
  }
  await Promise.all(Array.from({ length: mostInParallel }, work))
}

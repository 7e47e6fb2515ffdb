import { styled } from './style.ts'

const tickMs = 1_000

/**
 * Says on stderr what is being done: in one line that tells how long it takes for a person, in one line each for a log.
 */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const { stderr } = process
  const startedAt = performance.now()
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
  if (!stderr.isTTY) stderr.write(`${what}…\n`)
  const show = () => stderr.write(`\r${what}… ${styled('dim', seconds(), stderr)} `)
  const ticker = stderr.isTTY ? setInterval(show, tickMs) : undefined
  if (stderr.isTTY) show()
  try {
    const result = await work
    if (stderr.isTTY) stderr.write(`\r${what}: done in ${seconds()}\u001b[K\n`)
    return result
  } catch (error) {
    if (stderr.isTTY) stderr.write('\n')
    throw error
  } finally {
    clearInterval(ticker)
  }
}

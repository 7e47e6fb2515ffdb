/** More passwords are being judged than may be. */
export class TooManyAtOnce extends Error {
  override readonly name = 'TooManyAtOnce'
}

const mostUnderWay = 2
const mostWaiting = 16

let underWay = 0
const waiting: (() => void)[] = []

/**
 * Each judged password takes 19 MiB and a thread for a while, and anybody can send one: the process judges two at once, and
 * lets a few wait.
 *
 * @throws TooManyAtOnce
 */
export async function takeTurn<T>(work: () => Promise<T>): Promise<T> {
  if (underWay >= mostUnderWay) {
    if (waiting.length >= mostWaiting) throw new TooManyAtOnce()
    // Whoever ends hands its place on.
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else underWay++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else underWay--
  }
}

/** Something was waited for in vain. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded'
}

/**
 * The outcome of `work`, or a rejection once `limitMs` have passed. The work itself is not stopped.
 *
 * @throws DeadlineExceeded that names what was waited for.
 */
export function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  // Not Promise.race: every call waits for its audit record here, and a race makes three promises more.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeadlineExceeded(`${what} took longer than ${limitMs} ms`)),
      limitMs,
    )
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** A terminal sends one Ctrl-C to us and to the launcher, which passes it on: two signals that mean one. */
const SAME_SIGNAL_MS = 500

/** Resolves at the first Ctrl-C or request to end; at the second one `force` is called. */
export function untilInterrupted(force: () => void): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = () => {
      const now = performance.now()
      if (firstAt !== undefined && now - firstAt > SAME_SIGNAL_MS) force()
      firstAt ??= now
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

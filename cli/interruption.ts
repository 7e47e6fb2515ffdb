/** Resolves at the first Ctrl-C or request to end; at the second one `force` is called. */
export function untilInterrupted(force: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = () => {
      if (asked) force()
      asked = true
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

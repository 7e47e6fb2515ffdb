import pino from 'pino'
import { createDataPlane } from './app.ts'
import { readEnv } from './env.ts'

const forcedExitCode = 130

/** Runs a data plane until SIGINT or SIGTERM; a second signal ends the process at once. */
async function main(): Promise<void> {
  const env = readEnv(process.env)
  const log = pino({ level: env.logLevel }).child({ plane: 'data' })
  const dataPlane = await createDataPlane({ env, log })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    let asked = false
    process.on(signal, async () => {
      if (asked) process.exit(forcedExitCode)
      asked = true
      log.info({ signal }, 'stopping; once more to force it')
      await dataPlane.close()
      process.exit(0)
    })
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

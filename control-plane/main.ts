import pino from 'pino'
import { createControlPlane } from './app.ts'
import { readEnv } from './env.ts'

const forcedExitCode = 130

/** Runs a control plane until SIGINT or SIGTERM; a second signal ends the process at once. */
async function main(): Promise<void> {
  const env = readEnv(process.env)
  const log = pino({ level: env.logLevel }).child({ plane: 'control' })
  const controlPlane = await createControlPlane({ env, log })
  log.info({ url: controlPlane.url }, 'ready')
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(forcedExitCode)
    stopping = true
    log.info({ signal }, 'stopping; once more to force it')
    await controlPlane.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal))
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

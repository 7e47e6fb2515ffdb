import type { Logger } from 'pino'
import type { Configuration } from '../plugins/sdk/builtin.ts'
import type { ConfigChannel } from '../transport/config-channel.ts'
import type { Transport } from '../transport/transport.ts'
import { askControlPlane } from './config/ask-control-plane.ts'
import { takeBootstrapFile } from './config/bootstrap-file.ts'
import { BothWaysFollower } from './config/both-ways.ts'
import { ConfigurationDisk } from './config/disk.ts'
import { ConfigurationFollower } from './config/follow.ts'
import type { Identity } from './config/identity.ts'
import { ConfigurationRefused } from './config/refusal.ts'
import type { DataPlaneEnv } from './env.ts'
import { PluginsRefused } from './pipeline/stages.ts'
import { version } from './version.ts'

interface Context {
  readonly env: DataPlaneEnv
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly identity: Identity
}

/** @param check throws PluginsRefused when a configuration does not fit the plugins of this data plane. */
export function createFollower(
  { env, log, now, identity }: Context,
  { config, kind }: { readonly config: ConfigChannel } & Pick<Transport, 'kind'>,
  check: (configuration: Configuration) => void,
): ConfigurationFollower {
  const accept = (configuration: Configuration) => {
    try {
      check(configuration)
    } catch (error) {
      if (error instanceof PluginsRefused) throw new ConfigurationRefused(error.message)
      throw error
    }
  }
  const { stateDirectory, controlPlaneUrl } = env
  const options = { channel: config, identity, stateDirectory, accept, log, now }
  // In one process there is no store that could be away.
  if (kind === 'in-process') return new ConfigurationFollower(options)
  const ask = askControlPlane({ controlPlaneUrl, identity, now })
  return new BothWaysFollower({ ...options, ask, version })
}

/** From disk, and from the bootstrap file what is newer there. */
export async function restoreConfiguration(
  { env, log, identity }: Context,
  follower: ConfigurationFollower,
  given: { readonly sealedCredentials: string | undefined; readonly bootstrapFile: string | undefined },
): Promise<void> {
  const { bootstrapFile, sealedCredentials } = given
  const refusal =
    bootstrapFile === undefined
      ? undefined
      : await takeBootstrapFile(bootstrapFile, new ConfigurationDisk(env.stateDirectory), identity)
  await follower.restore(sealedCredentials)
  if (refusal === undefined) return
  log.error({ reason: refusal }, 'a bootstrap file was refused')
  if (!follower.state.current.applied) follower.state.refused(refusal, undefined)
}

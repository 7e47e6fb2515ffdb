import type { Version } from '../contract/configuration/documents.ts'
import { askControlPlane } from './config/ask-control-plane.ts'
import { writeBootstrapFile } from './config/bootstrap-file.ts'
import { ConfigurationDisk } from './config/disk.ts'
import { IdentityStore, StateDirectoryUnusable } from './config/identity.ts'
import type { DataPlaneEnv } from './env.ts'

/**
 * Writes a bootstrap file for the data plane of this environment, which may be running.
 *
 * @throws StateDirectoryUnusable when it is not enrolled, ConfigurationRefused when there is nothing to write.
 */
export async function exportBootstrap(
  { stateDirectory, controlPlaneUrl }: DataPlaneEnv,
  path: string,
): Promise<Version & { readonly source: string }> {
  const { identity } = await IdentityStore.open(stateDirectory)
  if (!identity) {
    throw new StateDirectoryUnusable(
      `${stateDirectory} holds no enrolled identity: start its data plane once, or set GATEHOUSE_STATE_DIR`,
    )
  }
  const ask = askControlPlane({ controlPlaneUrl, identity, now: Date.now })
  const disk = new ConfigurationDisk(stateDirectory)
  const { head, source } = await writeBootstrapFile({ path, ask, disk, identity })
  return { epoch: head.epoch, revision: head.revision, source }
}

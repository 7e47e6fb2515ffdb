import type { Command } from 'commander'
import { readEnv } from '../../data-plane/env.ts'
import { orRefuse } from '../start-refused.ts'
import { printNote } from '../terminal/output.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addExportBootstrapCommand(program: Command): void {
  program
    .command('export-bootstrap')
    .description(
      'Writes the configuration of an enrolled data plane as a signed file, from which it starts when it reaches nobody',
    )
    .requiredOption('--to <file>', 'where to; what is there is replaced')
    .addHelpText('after', environmentHelp('data-plane'))
    .addHelpText(
      'after',
      examplesHelp(
        [
          'gatehouse export-bootstrap --to bootstrap',
          "what the control plane has, else this data plane's disk",
        ],
        ['gatehouse data-plane --bootstrap-snapshot bootstrap', 'starts from it'],
      ),
    )
    .action(async ({ to }: { readonly to: string }) => {
      const { exportBootstrap } = await import('../../data-plane/export-bootstrap.ts')
      const env = orRefuse(() => readEnv(process.env, { needsRedis: false }))
      const { epoch, revision, source } = await exportBootstrap(env, to)
      printNote(`${to}: epoch ${epoch}, revision ${revision}, from ${source}`)
    })
}

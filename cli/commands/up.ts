import type { Command } from 'commander'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('Runs everything on this machine: database, demo provider, control plane and data plane')
    .addHelpText('after', environmentHelp('up'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse up', 'from an empty folder, with a demo'],
        ['OPENAI_API_KEY=sk-… gatehouse up', 'with a real provider too'],
        ['CONTROL_PLANE_PORT=5000 gatehouse up', 'on another port'],
        ['GATEHOUSE_DATA_DIR=/srv/gatehouse gatehouse up', 'with its data elsewhere'],
      ),
    )
    .action(async () => (await import('../up/up.ts')).up())
}

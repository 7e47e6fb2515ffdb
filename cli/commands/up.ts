import type { Command } from 'commander'
import { acceptDamagedJournalHelp } from './data-plane.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('Runs everything on this machine: database, demo provider, control plane and data plane')
    .option('--accept-damaged-journal', acceptDamagedJournalHelp)
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
    .action(async ({ acceptDamagedJournal = false }: { acceptDamagedJournal?: boolean }) =>
      (await import('../up/up.ts')).up({ acceptDamagedJournal }),
    )
}

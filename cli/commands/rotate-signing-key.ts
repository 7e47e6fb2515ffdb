import type { Command } from 'commander'
import type { RotationOptions } from '../rotation/rotate-signing-key.ts'
import { environmentHelp, examplesHelp } from './environment-help.ts'

export function addRotateSigningKeyCommand(program: Command): void {
  program
    .command('rotate-signing-key')
    .description(
      'Gives the control plane another key to sign with, in two steps: both sign until the first one is retired with --finish',
    )
    .option('--finish', 'retire the old key, once every data plane believes the new one', false)
    .option('--force', 'with --finish: do not wait for those that do not', false)
    .addHelpText('after', environmentHelp('rotate-signing-key'))
    .addHelpText(
      'after',
      examplesHelp(
        ['gatehouse rotate-signing-key', 'at any time, while data planes run'],
        [
          'gatehouse rotate-signing-key --finish',
          'waits for them up to half a minute, and names those that are missing',
        ],
      ),
    )
    .action(async (options: RotationOptions) =>
      (await import('../rotation/rotate-signing-key.ts')).rotateSigningKey(options),
    )
}

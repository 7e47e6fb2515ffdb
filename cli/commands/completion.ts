import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from '../completion/scripts.ts'

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('Prints a script that lets a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'whose').choices(shells))
    .addHelpText(
      'after',
      '\nExamples:\n  bash   source <(gatehouse completion bash)\n  zsh    source <(gatehouse completion zsh)\n  fish   gatehouse completion fish | source',
    )
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell, program))
    })
}

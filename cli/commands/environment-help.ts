import { environmentVariables, type ProcessName } from '../../contract/environment.ts'

/** The part of a command's help that says what it reads from the environment. */
export function environmentHelp(process: ProcessName): string {
  const rows = Object.entries(environmentVariables).filter(([, { readBy }]) =>
    (readBy as readonly ProcessName[]).includes(process),
  )
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, variable]) => {
    const preset = 'default' in variable && variable.default !== '' ? ` [${variable.default}]` : ''
    return `  ${name.padEnd(width)}  ${variable.description}${preset}`
  })
  return `\nEnvironment:\n${lines.join('\n')}`
}

export function examplesHelp(...examples: readonly (readonly [command: string, does: string])[]): string {
  const width = Math.max(...examples.map(([command]) => command.length))
  return `\nExamples:\n${examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`).join('\n')}`
}

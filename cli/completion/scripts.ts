import type { Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A command line up to here, `gatehouse keys`, and what may follow. */
interface Place {
  readonly words: readonly string[]
  readonly next: readonly { readonly word: string; readonly does: string }[]
}

/** A script for a shell that completes the commands and options of a program; it asks nobody while it does. */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, [program.name()])
  if (shell === 'fish') return fishScript(program.name(), places)
  return shell === 'zsh' ? zshScript(program.name(), places) : bashScript(program.name(), places)
}

function placesOf(command: Command, words: readonly string[]): Place[] {
  const commands = command.commands.map((child) => ({ word: child.name(), does: child.description() }))
  const options = command.options.flatMap(({ long, description }) =>
    long == null ? [] : [{ word: long, does: description }],
  )
  const own = { words, next: [...commands, ...options, { word: '--help', does: 'show the help' }] }
  return [own, ...command.commands.flatMap((child) => placesOf(child, [...words, child.name()]))]
}

function casesOf(places: readonly Place[]): string {
  return places
    .map(({ words, next }) => `    '${words.join(' ')}') echo '${next.map(({ word }) => word).join(' ')}' ;;`)
    .join('\n')
}

/** The words before the cursor that are commands, not options or their values, say where we are. */
function placeFunction(name: string, places: readonly Place[]): string {
  const known = places.map(({ words }) => `'${words.join(' ')}'`).join('|')
  return `_${name}_next() {
  local place='${name}' word
  for word in "$@"; do
    case "$place $word" in
      ${known}) place="$place $word" ;;
    esac
  done
  case "$place" in
${casesOf(places)}
  esac
}
`
}

function bashScript(name: string, places: readonly Place[]): string {
  return `${placeFunction(name, places)}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(compgen -W "$(_${name}_next "\${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "$current"))
}
complete -o default -F _${name} ${name}
`
}

function zshScript(name: string, places: readonly Place[]): string {
  return `#compdef ${name}
${placeFunction(name, places)}
_${name}() {
  local -a next
  next=(\${=$(_${name}_next "\${(@)words[2,CURRENT-1]}")})
  compadd -a next
  _files
}
compdef _${name} ${name}
`
}

function fishScript(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ words, next }) => {
    const [, ...commands] = words
    const seen = commands.map((word) => `__fish_seen_subcommand_from ${word}`)
    const children = next.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word)
    const unseen = children.length > 0 ? [`not __fish_seen_subcommand_from ${children.join(' ')}`] : []
    const condition = [...seen, ...unseen].join('; and ') || 'true'
    return next.map(({ word, does }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c ${name} -n '${condition}' ${what} -d '${does.replaceAll("'", '’')}'`
    })
  })
  return `${lines.join('\n')}\n`
}

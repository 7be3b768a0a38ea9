/** Completions for shells, from the table of flags. */
import type { Shell } from './args.ts'
import { COMMANDS } from './commands.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { Flag } from './flag.ts'
import type { FlagName } from './flags.ts'

export function completion(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash()
    case 'zsh':
      return zsh()
    case 'fish':
      return fish()
  }
}

const COMMAND_NAMES = Object.keys(COMMANDS)
const EXTRA = { help: 'one screen of help', 'help-all': 'all flags', version: 'the version' } as const

/** What may follow, where that is a short list. */
const choicesOf = ({ choices }: Flag): readonly string[] => choices ?? []

const isFile = ({ takes }: Flag): boolean => takes === 'FILE' || takes === 'FOLDER'

function bash(): string {
  const words = [...FLAG_NAMES.map(name => `--${name}`), ...Object.keys(EXTRA).map(name => `--${name}`)]
  const cases = FLAG_NAMES.flatMap(name => {
    const flag = flagOf(name)
    if (choicesOf(flag).length > 0)
      return [`    ${spellings(name)}) COMPREPLY=($(compgen -W '${choicesOf(flag).join(' ')}' -- "$cur")); return ;;`]
    return isFile(flag) ? [`    ${spellings(name)}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`] : []
  })
  return `# bash completion of preq: eval "$(preq completion bash)"
_preq() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$prev" in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))
  elif [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W '${COMMAND_NAMES.join(' ')}' -- "$cur"))
  fi
}
complete -F _preq preq
`
}

function spellings(name: FlagName): string {
  const { short } = flagOf(name)
  return short === undefined ? `--${name}` : `--${name}|-${short}`
}

function zsh(): string {
  const flags = FLAG_NAMES.map(name => {
    const flag = flagOf(name)
    const many = flag.repeat === true ? '*' : ''
    const names =
      flag.short === undefined
        ? `'${many}--${name}`
        : `${many === '' ? `'(-${flag.short} --${name})'` : "'*'"}{-${flag.short},--${name}}'`
    return `    ${names}[${zshText(flag.doc)}]${zshValue(flag)}'`
  })
  const extra = Object.entries(EXTRA).map(([name, doc]) => `    '--${name}[${doc}]'`)
  const commands = Object.entries(COMMANDS).map(([name, doc]) => `'${name}:${zshText(doc)}'`)
  return `#compdef preq
# zsh completion of preq: preq completion zsh > "\${fpath[1]}/_preq"
_preq() {
  local -a commands=(${commands.join(' ')})
  _arguments -s -S \\
${[...flags, ...extra].join(' \\\n')} \\
    '1:command or URL:{_describe command commands}' \\
    '*:URL:_urls'
}
compdef _preq preq
`
}

function zshValue(flag: Flag): string {
  if (flag.takes === undefined) return ''
  if (choicesOf(flag).length > 0) return `:${flag.takes}:(${choicesOf(flag).join(' ')})`
  return `:${zshText(flag.takes)}:${isFile(flag) ? '_files' : ' '}`
}

const zshText = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, String.raw`\$&`)

function fish(): string {
  const flags = FLAG_NAMES.map(name => {
    const flag = flagOf(name)
    const value =
      flag.takes === undefined
        ? ''
        : choicesOf(flag).length > 0
          ? ` -x -a '${choicesOf(flag).join(' ')}'`
          : isFile(flag)
            ? ' -r -F'
            : ' -x'
    return `complete -c preq -l ${name}${flag.short === undefined ? '' : ` -s ${flag.short}`}${value} -d '${fishText(flag.doc)}'`
  })
  const extra = Object.entries(EXTRA).map(([name, doc]) => `complete -c preq -l ${name} -d '${doc}'`)
  const commands = Object.entries(COMMANDS).map(
    ([name, doc]) => `complete -c preq -n __fish_use_subcommand -a ${name} -d '${fishText(doc)}'`,
  )
  return `# fish completion of preq: preq completion fish > ~/.config/fish/completions/preq.fish
complete -c preq -f
${[...commands, ...flags, ...extra].join('\n')}
`
}

const fishText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

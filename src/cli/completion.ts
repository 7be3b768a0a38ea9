/** Shell completions, generated from the table of flags. */
import { BATCH_COMMANDS } from './batch/commands.ts'
import { COMMANDS, SHELLS } from './commands.ts'
import type { Shell } from './commands.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { Flag } from './flag.ts'
import type { FlagName } from './flags.ts'
import { docOf } from './flag-text.ts'

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

/** What `preq report` takes. */
const REPORT_FLAGS = ['--output', '--format', '--har', '--bodies', '--overwrite', '--help']
const REPORT_FORMATS = ['html', 'text', 'json', 'csv', 'markdown']

const ALL_COMMANDS = { ...COMMANDS, ...BATCH_COMMANDS }
const COMMAND_NAMES = Object.keys(ALL_COMMANDS)
const EXTRA = { help: 'one screen of help', 'help-all': 'all flags', version: 'the version' } as const

/** The values of a flag with a short list of choices. */
const choicesOf = ({ choices }: Flag): readonly string[] => choices ?? []

/** Whether a flag takes a path; some flags take one only after an @. */
function pathKindOf({ takes, doc = '' }: Flag): 'file' | 'folder' | '@file' | undefined {
  if (takes === 'FILE') return 'file'
  if (takes === 'FOLDER') return 'folder'
  return /(?:^|[ ;])@FILE/.test(doc) ? '@file' : undefined
}

function bash(): string {
  const words = [...FLAG_NAMES.map(name => `--${name}`), ...Object.keys(EXTRA).map(name => `--${name}`)]
  const cases = FLAG_NAMES.flatMap(name => {
    const action = bashAction(flagOf(name))
    return action === '' ? [] : [`    ${spellings(name)}) ${action}; return ;;`]
  })
  // Bash splits words at = and @ and replaces only the part after them. If COMP_WORDBREAKS lacks these characters, the
  // completion has to repeat the part before.
  return `# bash completion of preq: eval "$(preq completion bash)"
_preq() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" before= at=
  case "$cur" in =@ | @) at=1 before=@ cur= ;; =) cur= ;; esac
  case "$prev" in =@ | @) at=1 before=@ prev="\${COMP_WORDS[COMP_CWORD-2]}" ;; esac
  [[ $prev == = ]] && prev="\${COMP_WORDS[COMP_CWORD-2-\${at:-0}]}"
  if [[ $cur == --*=* ]]; then before="\${cur%%=*}=" prev="\${cur%%=*}" cur="\${cur#*=}"; fi
  if [[ $cur == @* ]]; then at=1 before="$before@" cur="\${cur#@}"; fi
  if [[ \${COMP_WORDS[1]} == demo && $COMP_CWORD -gt 1 ]]; then
    COMPREPLY=($(compgen -W '--serve --port --help' -- "$cur"))
    return
  fi
  if [[ \${COMP_WORDS[1]} == report && $COMP_CWORD -gt 1 ]]; then
    if [[ $prev == --format ]]; then COMPREPLY=($(compgen -P "$before" -W '${REPORT_FORMATS.join(' ')}' -- "$cur"))
    elif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${REPORT_FLAGS.join(' ')}' -- "$cur"))
    else COMPREPLY=($(compgen -P "$before" -f -- "$cur")); fi
    return
  fi
  case "$prev" in
${cases.join('\n')}
    completion) if [[ $COMP_CWORD -eq 2 ]]; then COMPREPLY=($(compgen -W '${SHELLS.join(' ')}' -- "$cur")); return; fi ;;
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))
  elif [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W '${COMMAND_NAMES.join(' ')}' -- "$cur"))
  fi
}
complete -F _preq preq
`
}

function bashAction(flag: Flag): string {
  const replies = (how: string): string => `COMPREPLY=($(compgen -P "$before" ${how} -- "$cur"))`
  if (choicesOf(flag).length > 0) return replies(`-W '${choicesOf(flag).join(' ')}'`)
  const place = pathKindOf(flag)
  if (place === undefined) return ''
  if (place === '@file') return `[[ -n $at ]] && ${replies('-f')}`
  return replies(place === 'file' ? '-f' : '-d')
}

function spellings(name: FlagName): string {
  const { short } = flagOf(name)
  return short === undefined ? `--${name}` : `--${name}|-${short}`
}

function zsh(): string {
  const flags = FLAG_NAMES.map(name => {
    const flag = flagOf(name)
    const many = flag.repeat === true ? '*' : ''
    // The value may be the next word, or follow `=`.
    const [short, long] = flag.takes === undefined ? ['', ''] : ['+', '=']
    const names =
      flag.short === undefined
        ? `'${many}--${name}${long}`
        : `${many === '' ? `'(-${flag.short} --${name})'` : "'*'"}{-${flag.short}${short},--${name}${long}}'`
    return `    ${names}[${zshText(docOf(flag))}]${zshValue(flag)}'`
  })
  const extra = Object.entries(EXTRA).map(([name, doc]) => `    '--${name}[${doc}]'`)
  const commands = Object.entries(ALL_COMMANDS).map(([name, doc]) => `'${name}:${zshText(doc)}'`)
  return `#compdef preq
# zsh completion of preq: preq completion zsh > "\${fpath[1]}/_preq"
_preq() {
  local -a commands=(${commands.join(' ')})
  _arguments -s -S \\
${[...flags, ...extra].join(' \\\n')} \\
    '1:command or URL:{_describe command commands}' \\
    '2:URL:{case $words[2] in completion) compadd ${SHELLS.join(' ')} ;; report) _files ;; *) _urls ;; esac}' \\
    '*:URL:{if [[ $words[2] == report ]]; then _files; else _urls; fi}'
}
compdef _preq preq
`
}

function zshValue(flag: Flag): string {
  if (flag.takes === undefined) return ''
  if (choicesOf(flag).length > 0) return `:${flag.takes}:(${choicesOf(flag).join(' ')})`
  return `:${zshText(flag.takes)}:${ZSH_PLACES[pathKindOf(flag) ?? 'none']}`
}

const ZSH_PLACES = { file: '_files', folder: '_files -/', '@file': '{compset -P "@" && _files}', none: ' ' } as const

const zshText = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, String.raw`\$&`)

function fish(): string {
  const flags = FLAG_NAMES.map(name => {
    const flag = flagOf(name)
    const value =
      flag.takes === undefined
        ? ''
        : choicesOf(flag).length > 0
          ? ` -x -a '${choicesOf(flag).join(' ')}'`
          : FISH_PLACES[pathKindOf(flag) ?? 'none']
    return `complete -c preq -l ${name}${flag.short === undefined ? '' : ` -s ${flag.short}`}${value} -d '${fishText(docOf(flag))}'`
  })
  const extra = Object.entries(EXTRA).map(([name, doc]) => `complete -c preq -l ${name} -d '${doc}'`)
  const commands = Object.entries(ALL_COMMANDS).map(
    ([name, doc]) => `complete -c preq -n __fish_use_subcommand -a ${name} -d '${fishText(doc)}'`,
  )
  return `# fish completion of preq: preq completion fish > ~/.config/fish/completions/preq.fish
complete -c preq -f
${[...commands, SHELLS_OF_FISH, REPORT_OF_FISH, DEMO_OF_FISH, ...flags, ...extra].join('\n')}
`
}

const SHELLS_OF_FISH = `complete -c preq -n '__fish_seen_subcommand_from completion' -x -a '${SHELLS.join(' ')}'`

const REPORT_OF_FISH = `complete -c preq -n '__fish_seen_subcommand_from report' -F
complete -c preq -n '__fish_seen_subcommand_from report' -l har -r -F -d 'write the requests as HAR'
complete -c preq -n '__fish_seen_subcommand_from report' -l bodies -d 'with --har: include the bodies of responses'`

const DEMO_OF_FISH = `complete -c preq -n '__fish_seen_subcommand_from demo' -l serve -d 'only start the API, and serve until Ctrl-C'
complete -c preq -n '__fish_seen_subcommand_from demo' -l port -x -d 'with --serve: the port'`

const FISH_PLACES = {
  file: ' -r -F',
  folder: " -x -a '(__fish_complete_directories)'",
  // The value may also be something other than a file.
  '@file': ' -x',
  none: ' -x',
} as const

const fishText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")

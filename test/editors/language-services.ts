/** What an editor shows at a position of a program: asked of TypeScript 5.9 in this process, and of 7 by LSP. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript-5.9'

export interface Editor {
  /** The names and values that are offered at an offset. */
  completions(offset: number): Promise<readonly string[]>
  /** The text that hovering over an offset shows. */
  hover(offset: number): Promise<string>
  /** The messages of all errors. */
  errors(): Promise<readonly string[]>
  close(): void
}

export function editor59(path: string, configPath: string): Editor {
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configPath, name => ts.sys.readFile(name)).config,
    ts.sys,
    dirname(configPath),
  )
  const service = ts.createLanguageService({
    getCompilationSettings: () => config.options,
    getScriptFileNames: () => [path],
    getScriptVersion: () => '1',
    getScriptSnapshot: name =>
      ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined,
    getCurrentDirectory: () => dirname(configPath),
    getDefaultLibFileName: options => ts.getDefaultLibFilePath(options),
    fileExists: name => ts.sys.fileExists(name),
    readFile: name => ts.sys.readFile(name),
    directoryExists: name => ts.sys.directoryExists(name),
    realpath: name => ts.sys.realpath?.(name) ?? name,
  })
  return {
    completions: async offset =>
      service.getCompletionsAtPosition(path, offset, {})?.entries.map(({ name }) => name) ?? [],
    hover: async offset => {
      const info = service.getQuickInfoAtPosition(path, offset)
      const tags = info?.tags?.map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`) ?? []
      return [info?.displayParts, info?.documentation].map(ts.displayPartsToString).concat(tags).join('\n')
    },
    errors: async () =>
      service.getSemanticDiagnostics(path).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    close: () => service.dispose(),
  }
}

/** TypeScript 7 as an editor starts it. */
export async function editor7(path: string): Promise<Editor> {
  const text = readFileSync(path, 'utf8')
  const uri = pathToFileURL(path).href
  const server = spawn(process.execPath, ['node_modules/typescript/bin/tsc', '--lsp', '--stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const waiting = new Map<number, (result: unknown) => void>()
  let last = 0
  let buffer = Buffer.alloc(0)

  const send = (message: object): void => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  const ask = <T>(method: string, params: object): Promise<T> =>
    new Promise<unknown>(resolve => {
      waiting.set(++last, resolve)
      send({ id: last, method, params })
    }) as Promise<T>

  function receive({ id, method, result, error }: Message): void {
    if (method !== undefined) {
      // The server asks for the settings of the editor: it has none.
      if (id !== undefined) send({ id, result: null })
      return
    }
    waiting.get(id as number)?.(error === undefined ? result : { failed: error.message })
  }
  server.stdout.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const head = /^Content-Length: (\d+)\r\n(?:.*\r\n)*?\r\n/.exec(buffer.toString('latin1'))
      if (head === null) return
      const end = head[0].length + Number(head[1])
      if (buffer.length < end) return
      const message = JSON.parse(buffer.subarray(head[0].length, end).toString()) as Message
      buffer = buffer.subarray(end)
      receive(message)
    }
  })

  const textDocument = { uri }
  const at = (offset: number): object => {
    const lines = text.slice(0, offset).split('\n')
    return { textDocument, position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 } }
  }
  const capabilities = {
    textDocument: { hover: { contentFormat: ['plaintext'] }, completion: {}, diagnostic: {} },
  }
  await ask('initialize', { processId: process.pid, rootUri: pathToFileURL(dirname(path)).href, capabilities })
  send({ method: 'initialized', params: {} })
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
  })
  return {
    completions: async offset => {
      const given = await ask<Completions>('textDocument/completion', at(offset))
      const items = given !== null && 'items' in given ? given.items : (given ?? [])
      return items.map(({ label }) => label.replace(/\?$/, ''))
    },
    hover: async offset => {
      const given = await ask<{ contents: string | { value: string } } | null>('textDocument/hover', at(offset))
      const contents = given?.contents ?? ''
      return typeof contents === 'string' ? contents : contents.value
    },
    errors: async () => {
      const { items } = await ask<{ items: readonly { message: string }[] }>('textDocument/diagnostic', {
        textDocument,
      })
      return items.map(({ message }) => message)
    },
    close: () => void server.kill(),
  }
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

type Completions = readonly { label: string }[] | { items: readonly { label: string }[] } | null

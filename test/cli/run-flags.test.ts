/** Flags for the run as a whole: its run file, order, display and settings. */
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'

/** Fails the first request for a path and serves the later ones. */
const failingFirst = () => {
  const asked = new Set<string>()
  return workplace(({ url }, response) => {
    response.writeHead(asked.has(url) ? 200 : 404).end('{}')
    asked.add(url)
  })
}

describe('A resumed run', () => {
  test('sends failed requests again only with --retry-failed, which needs --resume', async () => {
    const { run, server, linesIn } = await failingFirst()
    const args = ['URL/{1..3}', '-o', 'r.jsonl', '--resume']
    expect((await run(args)).code).toBe(1)
    expect((await run(args)).code).toBe(1)
    expect(server.requests).toHaveLength(3)
    expect((await run([...args, '--retry-failed'])).code).toBe(0)
    expect(server.requests).toHaveLength(6)
    expect(linesIn('r.jsonl').filter(({ ok }) => ok)).toHaveLength(3)
    const { code, stderr } = await run(['URL/a', '-o', 'x.jsonl', '--retry-failed'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--retry-failed: expected --resume beside it')])
  })
})

describe('--retry-only', () => {
  const args = ['URL/a', 'URL/b', 'URL/c', '-o', 'r.jsonl', '--retries', '0']

  test('sends only the failures that it names again, and needs --resume', async () => {
    let isMended = false
    const statuses: Readonly<Record<string, number>> = { '/a': 500, '/b': 404, '/c': 503 }
    const { run, server, linesIn } = await workplace(({ url }, response) => {
      response.writeHead(isMended ? 200 : (statuses[url] ?? 200)).end('{}')
    })
    await run(args)
    isMended = true
    const { code } = await run([...args, '--resume', '--retry-only', '5XX, dns/not_found', '--retry-only', 'timeout'])
    expect(code).toBe(1)
    expect(
      server.requests
        .slice(3)
        .map(({ url }) => url)
        .toSorted(),
    ).toEqual(['/a', '/c'])
    expect(endsOf(linesIn('r.jsonl').slice(-2))).toEqual(['http/503', 'ok'])
    const nothing = await run([...args, '--resume', '--retry-only', 'dns/notfound,400'])
    expect(nothing.stderr).toContain(
      'warning: no recorded failure is dns/notfound or http/400, so nothing was sent (--retry-only)\n',
    )
    expect((await run([...args, '--retry-only', '404'])).stderr).toContain('--retry-only: expected --resume beside it')
  })

  test.each([
    [
      'timeuot',
      "--retry-only: expected a code or a class of failures such as '5xx', '404', 'timeout' or 'dns/not_found', got \"timeuot\". Did you mean 'timeout'?",
    ],
    ['dnz/not_found', "Did you mean 'dns/not_found'?"],
    ['5xx,', 'got "". The classes are dns, connect,'],
    ['http/5000', 'got "http/5000".'],
    ['\u001B[2J', String.raw`got "\u001b[2J"`],
  ])('refuses %j before anything is sent', async (codes, message) => {
    const { run, server } = await workplace()
    const { code, stderr } = await run([...args, '--resume', '--retry-only', codes])
    expect(stderr).toContain(message)
    expect([code, server.requests.length]).toEqual([2, 0])
  })
})

describe('A run', () => {
  test('stops after --max-failures', async () => {
    const { run, server } = await workplace((_echo, response) => void response.writeHead(404).end())
    const { code } = await run(['URL/{1..50}', '-c', '1', '--max-failures', '3', '-o', 'r.jsonl'])
    expect([code, server.requests.length]).toEqual([1, expect.toSatisfy((count: number) => count >= 3 && count < 6)])
  })

  test('writes results in the order of the input with --order input', async () => {
    const { run } = await workplace(({ url }, response) => {
      const at = Number(url.slice(1))
      setTimeout(() => response.end('{}'), (6 - at) * 40)
    })
    const order = async (...more: string[]): Promise<string> =>
      (await run(['URL/{1..6}', '-w', '{index}', ...more])).stdout
    expect(await order('--order', 'input')).toBe('012345')
    expect(await order()).not.toBe('012345')
  })

  test('reads settings from --config, and reports the ones that it cannot use', async () => {
    const { run, server, write } = await workplace()
    write('mine.json', JSON.stringify({ header: ['x-a: config'], retries: 0, rate: ['50/s', '900/m'] }))
    expect((await run(['URL/a', '--config', 'mine.json'])).code).toBe(0)
    expect((await run(['URL/b'], { env: { PREQ_CONFIG: 'mine.json' } })).code).toBe(0)
    expect(server.requests.map(({ headers }) => headers['x-a'])).toEqual(['config', 'config'])
    const refusals: readonly (readonly [config: string, why: string])[] = [
      ['{"timeout": 10}', "mine.json: timeout: expected a duration such as '10s'"],
      ['{"retry-status": "500"}', "Did you mean 'retry-statuses'?"],
      ['{', 'mine.json: expected JSON'],
      ['[]', 'mine.json: expected an object of flags'],
    ]
    for (const [config, why] of refusals) {
      write('mine.json', config)
      const { code, stderr } = await run(['URL/a', '--config', 'mine.json'])
      expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
    }
    const missing = await run(['URL/a', '--config', 'none.json'])
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('cannot read --config ')])
  })

  test('prints no value of a --secret-name', async () => {
    const { run } = await workplace((_echo, response) => void response.writeHead(404).end())
    const shown = async (...more: string[]): Promise<string> => {
      const { stdout, stderr } = await run(['URL/a?kennwort=hidden-word', '-v', ...more])
      return stdout + stderr
    }
    expect(await shown()).toContain('hidden-word')
    expect(await shown('--secret-name', 'kennwort')).not.toContain('hidden-word')
  })
})

describe('The display of a run', () => {
  const slow = () => workplace((_echo, response) => void setTimeout(() => response.end('{}'), 50))

  test('is only the summary with --no-progress, and only failures with --quiet', async () => {
    const { run } = await slow()
    expect((await run(['URL/{1..2}', '--no-progress', '-o', 'a.jsonl'])).stderr).toMatch(/^2 ok, 0 failed in \S+ s\n$/)
    expect((await run(['URL/{1..2}', '--quiet', '-o', 'b.jsonl'])).stderr).toBe('')
    expect((await run(['URL/{1..2}', 'http://127.0.0.1:1/', '-q', '--retries', '0'])).stderr).toMatch(
      /^GET http:\/\/127.0.0.1:1\/: .*\(connect\/refused\)\n$/,
    )
  })

  test('is JSON lines with --json-progress, and the last one has all counts', async () => {
    const { run } = await slow()
    const { stderr } = await run(['URL/{1..4}', '-c', '1', '--json-progress', '-o', 'r.jsonl'])
    const shown = stderr.split('\n').filter(line => line.startsWith('{"type":"progress"'))
    const last: unknown = JSON.parse(shown.at(-1) ?? '')
    expect(last).toMatchObject({ type: 'progress', total: 4, done: 4, ok: 4, failed: 0, paused: [] })
  })

  test('has every failure with --verbose, and one of each kind without', async () => {
    const { run } = await workplace((_echo, response) => void response.writeHead(404).end())
    const failures = async (...more: string[]): Promise<number> => {
      const { stderr } = await run(['URL/{1..15}', '-o', 'r.jsonl', '--overwrite', ...more])
      return stderr.split('\n').filter(line => line.includes('http/404') && line.includes('GET')).length
    }
    expect([await failures(), await failures('--verbose'), await failures('-v')]).toEqual([1, 15, 15])
  })
})

describe('Standard input', () => {
  test('is read by preq plan as by a run', async () => {
    const { run, server } = await workplace()
    const { code, stdout } = await run(['plan', 'URL/{id}', '-i', '-', '--format', 'csv'], { stdin: 'id\n1\n2\n' })
    expect([code, stdout, server.requests]).toEqual([0, expect.stringContaining('2 requests (2 GET)'), []])
  })

  test('that fails in the middle loses no result of sent requests', async () => {
    const { run } = await workplace()
    const { code, stderr, lines } = await run(['URL/{id}', '-i', '-', '--format', 'csv'], { stdin: 'id\n1\n2\n"3' })
    expect([code, endsOf(lines)]).toEqual([1, ['ok', 'ok']])
    expect(stderr).toMatch(/^preq: -:4: expected a quote that closes the cell/m)
  })
})

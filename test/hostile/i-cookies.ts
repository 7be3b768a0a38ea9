/** Section I of the catalogue: cookies that must not be kept, or not be sent. */
import { verdictOf } from '../support/ask.ts'
import type { Act, Stage } from '../support/hostile/scenario.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

const HOST = 'shop.example.co.uk'

interface Set {
  readonly row: number
  readonly name: string
  readonly cookies: readonly string[]
  /** Where the cookies are set, and where they would be sent. */
  readonly from?: string
  readonly to?: string
  /** The Cookie header of the next request. */
  readonly sent: string | ((header: string) => boolean)
  readonly outcome: string
}

/** Every name resolves to this machine. */
const lookup = (
  _name: string,
  _options: object,
  answer: (error: null, address: string, family: number) => void,
): void => answer(null, '127.0.0.1', 4)

const set = ({ cookies, from = `${HOST}/`, to = from, sent, ...row }: Set): Act => ({
  ...row,
  options: { lookup },
  retry: '–',
  socket: '–',
  ways: ['plain'],
  async act(stage: Stage) {
    await using server = await rawServer(
      answering((connection, { path, headers }) =>
        connection.reply(headers.get('cookie') ?? '', {
          headers: path.endsWith('set') ? cookies.map(cookie => `Set-Cookie: ${cookie}\r\n`).join('') : '',
        }),
      ),
    )
    const at = (place: string): string => `http://${place.replace('/', `:${server.port}/`)}`
    const first = await stage.ask(`${at(from)}set`)
    if (!first.ok) return { verdict: verdictOf(first) }
    const header = String((await stage.ask(at(to))).value)
    const isRight = typeof sent === 'string' ? header === sent : sent(header)
    if (!isRight) return { verdict: `sent ${header.slice(0, 200)}` }
    return { verdict: row.outcome }
  },
})

const refused = (row: number, name: string, ...cookies: readonly string[]): Act =>
  set({ row, name, cookies, sent: '', outcome: 'nothing is sent' })

export const COOKIES: readonly Act[] = [
  refused(99, 'Domain= another host', 'a=1; Domain=other.example'),
  refused(99, 'Domain=com', 'a=1; Domain=com'),
  refused(99, 'Domain=co.UK', 'a=1; Domain=co.UK'),
  refused(99, 'Domain=com.', 'a=1; Domain=com.'),
  set({
    row: 99,
    name: 'Domain=github.io, a public suffix with independent subdomains',
    from: 'me.github.io/',
    to: 'you.github.io/',
    cookies: ['a=1; Domain=github.io'],
    sent: '',
    outcome: 'nothing is sent',
  }),
  set({
    row: 99,
    name: 'Domain= the domain of the host',
    to: 'www.example.co.uk/',
    cookies: ['a=1; Domain=example.co.uk'],
    sent: 'a=1',
    outcome: 'sent to the whole domain',
  }),
  set({
    row: 100,
    name: 'an IP address as Domain',
    from: '127.0.0.1/',
    cookies: ['a=1; Domain=127.0.0.1'],
    sent: 'a=1',
    outcome: 'kept only for that host',
  }),
  set({
    row: 100,
    name: 'a part of an IP address as Domain',
    from: '127.0.0.1/',
    cookies: ['a=1; Domain=0.0.1'],
    sent: '',
    outcome: 'nothing is sent',
  }),
  set({
    row: 100,
    name: 'no Domain',
    to: `www.${HOST}/`,
    cookies: ['a=1'],
    sent: '',
    outcome: 'kept only for that host',
  }),
  set({
    row: 101,
    name: 'Path=/a, then a request for /ab',
    from: `${HOST}/a/`,
    to: `${HOST}/ab`,
    cookies: ['a=1; Path=/a'],
    sent: '',
    outcome: 'nothing is sent',
  }),
  refused(101, 'Secure, over plain http', 'a=1; Secure'),
  refused(101, '__Host- with a Domain', `__Host-a=1; Secure; Path=/; Domain=${HOST}`),
  // The parser refuses the whole head before any cookie is read.
  { ...refused(101, 'control characters', 'a=1\x01'), outcome: 'protocol/malformed_head' },
  set({
    row: 102,
    name: '900 cookies in one response, as many as a head can have',
    cookies: Array.from({ length: 900 }, (_, index) => `c${index}=1`),
    sent: header => header.split('; ').length === 50,
    outcome: '50 of one response are kept',
  }),
  refused(102, 'a cookie of 10 kB', `a=${'x'.repeat(10_000)}`),
  {
    row: 102,
    name: '5000 cookies in a hundred responses',
    options: { lookup },
    outcome: 'at most 150, and 8 kB, are sent',
    retry: '–',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      let answers = 0
      let longest = 0
      let most = 0
      await using server = await rawServer(
        answering((connection, { headers }) => {
          const sent = headers.get('cookie') ?? ''
          longest = Math.max(longest, sent.length)
          most = Math.max(most, sent.split('; ').length)
          const cookies = Array.from(
            { length: 50 },
            (_, index) => `Set-Cookie: c${answers}x${index}=${'v'.repeat(40)}\r\n`,
          )
          answers++
          return connection.reply('', { headers: cookies.join('') })
        }),
      )
      const outcomes = []
      for (let i = 0; i <= 100; i++) outcomes.push(await stage.ask(`http://${HOST}:${server.port}/`))
      const failed = outcomes.find(({ ok }) => !ok)
      if (failed !== undefined) return { verdict: verdictOf(failed) }
      if (answers !== 101 || most > 150 || longest > 8_192 || most < 100)
        return { verdict: `sent ${most}, ${longest} long` }
      return { verdict: 'at most 150, and 8 kB, are sent' }
    },
  },
]

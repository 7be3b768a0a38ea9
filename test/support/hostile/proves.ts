/** Turns the rows of a section into tests: each is played, checked, and recorded for the page. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from './record.ts'
import { observe } from './run.ts'
import type { Observed } from './run.ts'
import type { Act, Into, Scenario, Way } from './scenario.ts'
import { holdings, surplus } from './vitals.ts'

const ways = (process.env['HOSTILE_WAYS'] ?? 'plain').split(',') as Way[]
const BUFFERED: readonly Into[] = ['buffered']
const intos = (process.env['HOSTILE_INTO'] ?? 'buffered').split(',') as Into[]

/** @param where the data file's own `import.meta.url` */
export function proves(where: string, rows: readonly (Scenario | Act)[]): void {
  let before: Record<string, number>
  beforeAll(() => {
    before = holdings()
  })
  for (const way of ways) {
    for (const into of intos) {
      const meant = rows.filter(row => (row.ways ?? [way]).includes(way) && (row.into ?? BUFFERED).includes(into))
      if (meant.length === 0) continue
      describe.concurrent(`a hostile server (${way}, ${into})`, () => {
        it.each(meant)('row $row: $name ends as the catalogue says', async row => {
          const seen = await observe(row, way, into)
          expect(seen).toEqual(wantedOf(row, way, into))
          if (way === 'plain' && into === 'buffered') tell(where, row, seen)
        })
      })
    }
  }
  afterAll(async () => {
    // A busy machine takes longer to close; what is never closed still fails.
    const endMs = performance.now() + 30_000
    while (surplus(before).length > 0 && performance.now() < endMs) await new Promise(go => setTimeout(go, 20))
    expect(surplus(before), 'held after everything was closed').toEqual([])
  })
}

const wantedOf = (row: Scenario | Act, way: Way, into: Into): object => ({
  wrong: [],
  outcome: row.outcome,
  post: 'plays' in row ? row.post : undefined,
  retry: row.retry,
  socket: row.socket,
  ...row.over?.[way],
  ...row.over?.[into],
  ...row.over?.[`${way}, ${into}`],
  ...row.owed,
})

function tell(where: string, { row, name }: Scenario | Act, { outcome, post, retry, socket }: Observed): void {
  const said = post === undefined ? `\`${outcome}\`` : `\`${outcome}\`; POST: \`${post}\``
  covers(where, { row, name, outcome: said, retry, socket })
}

import { describe, expect, it } from 'vitest'
import { readLinks, targetOf } from '../../src/paginate/link-header.ts'
import { fc } from '../support/property.ts'
import { runs } from '../properties/runs.ts'

describe('targetOf', () => {
  it.each<[string, string, string | undefined]>([
    ['one link', '<https://a.test/2>; rel="next"', 'https://a.test/2'],
    ['a relation without quotes', '<https://a.test/2>; rel=next', 'https://a.test/2'],
    ['a relation in upper case', '<https://a.test/2>; REL="NEXT"', 'https://a.test/2'],
    ['several relations in one string', '<https://a.test/2>; rel="last next"', 'https://a.test/2'],
    ['several links', '<https://a.test/1>; rel="prev", <https://a.test/3>; rel="next"', 'https://a.test/3'],
    ['two links without a space', '<https://a.test/1>;rel="prev",<https://a.test/3>;rel="next"', 'https://a.test/3'],
    ['a comma in a quoted string', '<https://a.test/1>; title="a, <b>; rel=\\"next\\"", </2>; rel=next', '/2'],
    ['a comma in a target', '<https://a.test/?ids=1,2>; rel="next"', 'https://a.test/?ids=1,2'],
    ['a semicolon in a target', '<https://a.test/a;b>; rel="next"', 'https://a.test/a;b'],
    ['white space around every sign', ' <  /2  > ; rel = "next" ; title = "x" ', '/2'],
    ['empty entries', ',, , </2>; rel="next",,', '/2'],
    ['parameters without a value', '</2>; crossorigin; rel="next"', '/2'],
    ['the first of two rel parameters', '</2>; rel="prev"; rel="next"', undefined],
    ['a link about another resource', '</2>; rel="next"; anchor="/other"', undefined],
    ['an entry that is no link', 'nonsense; rel="next", </2>; rel="next"', '/2'],
    ['an entry that is no link, with a comma in quotes', 'x="a, </1>; rel=next", </2>; rel="next"', '/2'],
    ['a relation that is a URL', '</2>; rel="https://a.test/next"', undefined],
    ['a relation that only contains the word', '</2>; rel="next-archive"', undefined],
    ['a parameter of a similar name', '</2>; rev="next"; xrel="next"', undefined],
    ['a link without a relation', '</2>', undefined],
    ['a target that does not end', '</2; rel="next"', undefined],
    ['a string that does not end', '</2>; rel="next', '/2'],
    ['an empty target', '<>; rel="next"', ''],
    ['nothing', '', undefined],
  ])('reads %s', (_what, field, target) => {
    expect(targetOf(field, 'next')).toBe(target)
  })

  it('takes the first of several next links', () => {
    expect(targetOf('</2>; rel="next", </3>; rel="next"', 'next')).toBe('/2')
  })

  it('finds nothing without the header', () => {
    expect(targetOf(undefined, 'next')).toBeUndefined()
  })
})

describe('readLinks', () => {
  it('reads back any links that were written', () => {
    const text = fc.string().map(each => each.replaceAll(/[<>\s]/g, ''))
    const rel = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/)
    const link = fc.record({ target: text, rels: fc.array(rel, { minLength: 1, maxLength: 3 }), title: fc.string() })
    fc.assert(
      fc.property(fc.array(link, { maxLength: 5 }), links => {
        const written = links.map(({ target, rels, title }) => {
          const quoted = title.replaceAll(/["\\]/g, letter => `\\${letter}`)
          return `<${target}>; title="${quoted}"; rel="${rels.join(' ')}"`
        })
        expect(readLinks(written.join(', '))).toEqual(links.map(({ target, rels }) => ({ target, rels })))
      }),
      { numRuns: runs(1_000) },
    )
  })

  it('ends for any text', () => {
    const sign = fc.constantFrom('<', '>', '"', '\\', ',', ';', '=', ' ', 'rel', 'next', 'anchor', 'a')
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 40 }), signs => {
        expect(readLinks(signs.join('')).length).toBeLessThanOrEqual(signs.length)
      }),
      { numRuns: runs(2_000) },
    )
  })

  it.each(['<', '<>,', '<>;', '<>;a="', '"', '\\', ';', 'a=', '<>;rel="a\\'])(
    'reads a header of 4 MiB of %s in one pass',
    piece => {
      expect(readLinks(piece.repeat((4 << 20) / piece.length)).every(({ rels }) => rels.length > 0)).toBe(true)
    },
  )
})

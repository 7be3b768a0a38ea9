import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PICTURE, picture } from '../../scripts/architecture.ts'

it('the picture of the architecture shows the current imports between folders (`npm run docs` draws it)', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(picture())
})

const files = globSync('{src,test,scripts,bench}/**/*.{ts,sh}').map(path => path.replaceAll('\\', '/'))

it.each(['CONTRIBUTING.md', 'RELEASING.md', 'docs/design/architecture.md', 'docs/design/upgrading.md'])(
  'every source file that %s names exists',
  page => {
    const named = [...readFileSync(page, 'utf8').matchAll(/`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|js|sh))`/g)]
    const missing = named
      .map(([, path = '']) => path)
      .filter(path => !path.startsWith('undici/') && !files.some(file => `/${file}`.endsWith(`/${path}`)))
    expect(missing).toEqual([])
  },
)

const PAGES = ['README.md', 'CONTRIBUTING.md', 'RELEASING.md', ...globSync('{docs,.github}/**/*.md')]

it('every npm script that a page names is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> }
  const missing = PAGES.flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(/npm run ([a-z:]+)/g)]
      .filter(([, script = '']) => scripts[script] === undefined)
      .map(([text]) => `${page}: ${text}`),
  )
  expect(missing).toEqual([])
})

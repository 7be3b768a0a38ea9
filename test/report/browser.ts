/** A page in Debian's `chromium`, which `.ci/components` installs. Tests are skipped, and counted, where it is missing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { pathOf } from '../components/component.ts'

/** Screenshots, as artefacts of a run of the tests. */
export const ARTEFACTS = resolve('test-results/report')

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: pathOf('chromium') as string,
    // The sandbox of the browser does not work for root, as in a container.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
}

export interface Opened {
  readonly page: Page
  /** What went wrong: messages of the console, errors, requests to anything but the file. */
  readonly complaints: readonly string[]
}

export interface Look {
  readonly width?: number
  readonly scheme?: 'light' | 'dark'
}

/** Opens a report as a file, and waits until it is drawn. */
export async function open(
  browser: Browser,
  html: string,
  { width = 1280, scheme = 'light' }: Look = {},
): Promise<Opened> {
  mkdirSync(ARTEFACTS, { recursive: true })
  const path = join(ARTEFACTS, `page-${process.pid}.html`)
  writeFileSync(path, html)
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('dialog', dialog => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', request => {
    if (!request.url().startsWith('file:')) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(pathToFileURL(path).href)
  await page.waitForSelector('html[data-drawn=true]', { state: 'attached' })
  return { page, complaints }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

const axe = (): string => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Issues that axe-core calls serious or critical. */
export async function seriousIssues(page: Page): Promise<string[]> {
  // Not as a script tag: the policy of the page refuses it.
  await page.evaluate(axe())
  const { violations } = await page.evaluate<AxeResult>('axe.run()')
  return violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

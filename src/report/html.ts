/** The report as one HTML file: no other file, no network, no script but the one whose hash it names. */
import { hash } from 'node:crypto'
import { basename } from 'node:path'
import { chartLibrary } from './chart-library.ts'
import type { ReportData, RequestReport } from './data.ts'
import { html, jsonInScript } from './escape.ts'
import { PHASE_LABELS, headline } from './headline.ts'
import * as tables from './html-tables.ts'
import type { PageData } from './page-data.ts'
import { PAGE_SCRIPT, PAGE_STYLE } from './page-text.ts'
import { amount, duration, perSecond, size } from './words.ts'
import { PACKAGE_VERSION } from '../core/version.ts'

/** Characters of the failures in the page: what keeps it below 2 MB whatever servers say. */
const MAX_FAILURES_LENGTH = 900_000

export function htmlReport(data: ReportData): string {
  return htmlPage({
    title: `Report of ${data.source.name}`,
    heading: basename(data.source.name),
    subtitle: subtitleOf(data),
    data: pageData(data),
    sections: sectionsOf(data),
  })
}

interface Page {
  readonly title: string
  readonly heading: string
  readonly subtitle: string
  readonly data: PageData
  readonly sections: readonly Section[]
}

export interface Section {
  /** Empty for one without a heading. */
  readonly id: string
  readonly heading: string
  readonly content: string
}

const hashOf = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`

/** Throws a ConfigError if the charting library is not installed. */
export function htmlPage({ title, heading, subtitle, data, sections }: Page): string {
  const library = chartLibrary()
  const script = `${library.script}\n${PAGE_SCRIPT}`
  const style = `${library.style}\n${PAGE_STYLE}`
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`
  const headed = sections.filter(({ id }) => id !== '')
  const links = headed.map(({ id, heading: name }) => `<li><a href="#${id}">${html(name)}</a></li>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${html(title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<div><p class="kicker">${html(subtitle)}</p><h1>${html(heading)}</h1></div>
<button id="theme" type="button" hidden>Theme: <span>auto</span></button>
</header>
<main id="main">
${sections
  .map(section)
  .join('\n')
  .replace('<!-- links -->', `<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>`)}
</main>
<footer>Made by parallel-requests ${html(PACKAGE_VERSION)}. Charts: uPlot, © 2022 Leon Sorokin, MIT License. This page works without a network and sends nothing.</footer>
<span id="probe" hidden></span>
<script type="application/json" id="data">${jsonInScript(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

const section = ({ id, heading, content }: Section): string =>
  id === '' ? content : `<section aria-labelledby="${id}"><h2 id="${id}">${html(heading)}</h2>\n${content}</section>`

function subtitleOf({ run, source }: ReportData): string {
  const parts = [
    run.startedAt === undefined ? undefined : run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    source.lines === undefined ? undefined : amount(source.lines, 'line'),
    source.bytes === undefined ? undefined : size(source.bytes),
  ]
  return parts.filter(part => part !== undefined).join(' · ')
}

function sectionsOf(data: ReportData): Section[] {
  const { counts } = data
  const whole: Section[] = [
    { id: '', heading: '', content: answer(data) },
    { id: '', heading: '', content: tiles(data) },
  ]
  if (counts.requests > 0) whole.push(results(data), ...causes(data), ...overTime(data), latency(data), hosts(data))
  if (data.failures.length > 0) whole.push(failureSection('Failures'))
  if (data.slowest.length > 0) {
    const content = `<p class="quiet">Time on the wire: without waits for limits and between attempts.</p>${tables.slowTable(data)}`
    whole.push({ id: 'slowest', heading: 'Slowest requests', content })
  }
  return [...whole, ...notes(data)]
}

/** The answer to "did it work, why was it slow, what failed and why", in words. */
function answer(data: ReportData): string {
  const { result, time, failures: failed } = headline(data)
  const { requests, ok, failed: bad } = data.counts
  const mood = requests === 0 ? 'none' : bad === 0 ? 'ok' : ok === 0 ? 'bad' : 'some'
  const more = [time, failed].filter(text => text !== '').map(text => `<p>${html(text)}</p>`)
  return `<section class="answer ${mood}" aria-label="In short"><p class="verdict">${html(result)}</p>${more.join('')}<!-- links --></section>`
}

function tiles({ counts, run, timings }: ReportData): string {
  const total = timings['total']
  const list: [name: string, value: string, more?: string][] = [
    ['requests', amount(counts.requests)],
    ['succeeded', amount(counts.ok)],
    ['failed', amount(counts.failed), counts.failed > 0 ? ' class="is-bad"' : ''],
    ...(counts.unsent > 0 ? [['not sent', amount(counts.unsent)] as [string, string]] : []),
    ...(run.elapsedMs === undefined ? [] : [['duration', duration(run.elapsedMs)] as [string, string]]),
    ...(run.elapsedMs === undefined || run.elapsedMs === 0
      ? []
      : [['throughput', perSecond((counts.requests * 1_000) / run.elapsedMs)] as [string, string]]),
    ...(total === undefined
      ? []
      : ([
          ['median', duration(total.p50)],
          ['p95', duration(total.p95)],
        ] as [string, string][])),
    ['retries', amount(counts.retries)],
    ['received', size(counts.bytes)],
  ]
  const items = list.map(
    ([name, value, more = '']) => `<div${more}><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`,
  )
  return `<dl class="tiles">${items.join('')}</dl>`
}

const results = (data: ReportData): Section => ({
  id: 'results',
  heading: 'Results',
  content: `${tables.codeBar(data)}${tables.codeTable(data)}`,
})

function causes(data: ReportData): Section[] {
  const { run, phaseShares, retriedFor } = data
  const retries = retriedFor.length === 0 ? '' : `<h3>Reasons for retries</h3>${tables.retryTable(data)}`
  const hasShares = Object.keys(run.shares ?? {}).length > 0
  const content = `${hasShares ? tables.shareTable(data) : ''}${
    Object.keys(phaseShares).length === 0
      ? ''
      : `<h3>Where the time of the requests went</h3>${tables.phaseShareTable(data)}`
  }${retries}${optionsOf(run.options)}`
  return content === '' ? [] : [{ id: 'causes', heading: 'Why it took so long', content }]
}

function optionsOf(options: ReportData['run']['options']): string {
  const list = Object.entries(options ?? {}).slice(0, 40)
  if (list.length === 0) return ''
  const text = list.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `<p class="quiet">Options: ${html(text.join(', ').slice(0, 2_000))}</p>`
}

function overTime(data: ReportData): Section[] {
  const { series, pauses } = data
  if (series === undefined || series.done.length === 0) return []
  const chart = (id: string, heading: string, label: string): string =>
    `<h3>${heading}</h3><div id="${id}" data-label="${label} The figures are in the table."></div>`
  const key = pauses.length === 0 ? '' : '<p class="quiet"><span class="pause-key"></span>a host was paused</p>'
  const content = `${chart('chart-throughput', 'Throughput', 'Line chart of requests done and failed per second over the time of the run.')}
${chart('chart-concurrency', 'Requests in flight', 'Line chart of the number of requests in flight over the time of the run.')}
${chart('chart-wire', 'Time on the wire', 'Line chart of the mean time of requests on the wire over the time of the run.')}
${key}<details class="figures"><summary>Table of these figures</summary>${tables.seriesTable(series)}</details>
${pauses.length === 0 ? '' : `<details class="figures"><summary>${html(amount(pauses.length, 'pause'))}</summary>${tables.pauseTable(data)}</details>`}`
  return [{ id: 'time', heading: 'Over time', content }]
}

const latency = (data: ReportData): Section => ({
  id: 'latency',
  heading: 'Time by phase',
  content: `${tables.phaseTable(data)}<div class="tools"><label>Distribution of <select id="phase"></select></label></div><div id="chart-histogram"></div>`,
})

const hosts = (data: ReportData): Section => ({
  id: 'hosts',
  heading: 'Hosts',
  content: `<p class="quiet">Times are times on the wire.</p>${tables.hostTable(data.hosts)}`,
})

export const failureSection = (heading: string): Section => ({
  id: 'failures',
  heading,
  content: `<div class="tools" id="failure-tools" hidden>
<label>Search in URL, key, message and body <input id="search" type="search" autocomplete="off" spellcheck="false"></label>
<label>Code <select id="code"><option value="">all codes</option></select></label>
<p id="failure-count" class="quiet" role="status"></p></div>
<ul id="failure-list"></ul><button id="more" type="button" hidden>Show more</button>
<noscript><p>The list of failures needs the script of this page. <code>preq report</code> without <code>-o</code> prints it.</p></noscript>`,
})

function notes({ notes: list }: ReportData): Section[] {
  if (list.length === 0) return []
  const content = `<ul class="notes">${list.map(note => `<li>${html(note)}</li>`).join('')}</ul>`
  return [{ id: 'notes', heading: 'Notes', content }]
}

function pageData(data: ReportData): PageData {
  return {
    ...(data.series !== undefined && { series: data.series }),
    pauses: data.pauses,
    buckets: Object.fromEntries(Object.entries(data.timings).map(([phase, { buckets }]) => [phase, buckets])),
    failures: shownFailures(data.failures),
    labels: PHASE_LABELS,
  }
}

/** As many as the size of the page allows; beyond half of it, without what is longest. */
export function shownFailures(failures: readonly RequestReport[]): RequestReport[] {
  let length = 0
  return failures.flatMap(failure => {
    const { body: _, headers: __, ...brief } = failure
    const one = length < MAX_FAILURES_LENGTH / 2 ? failure : brief
    length += jsonInScript(one).length
    return length < MAX_FAILURES_LENGTH ? [one] : []
  })
}

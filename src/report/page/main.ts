/** The script of an HTML report: draws the charts, lists the failures, makes tables sortable. Sends nothing. */
import { Charts } from './charts.ts'
import { byId } from './dom.ts'
import { listFailures } from './failures.ts'
import { drawHistogram } from './histogram.ts'
import { drawOverTime } from './over-time.ts'
import { makeSortable } from './sorting.ts'
import { startTheme } from './theme.ts'
import type { PageData } from '../page-data.ts'

const data = JSON.parse(byId('data')?.textContent ?? '{}') as PageData
const charts = new Charts()
drawOverTime(charts, data)
const histogram = drawHistogram(() => new Charts(), data)
listFailures(data)
for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) makeSortable(table)
startTheme(() => {
  charts.redraw()
  histogram?.redraw()
})
document.documentElement.dataset['drawn'] = 'true'

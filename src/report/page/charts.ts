/** What all charts share: their look, their width, and what they are called for those who do not see them. */
import type uPlotType from 'uplot'
import { colour, make } from './dom.ts'

// In the page, the library comes before this script.
declare const uPlot: typeof uPlotType

export type Chart = uPlotType
type Draft = Pick<uPlotType.Options, 'series' | 'scales' | 'axes' | 'hooks' | 'cursor' | 'bands'> & {
  readonly height: number
}

const FONT = '12px system-ui, sans-serif'

/** Draws again whenever the width or the theme changes. */
export class Charts {
  readonly #drawn: (() => void)[] = []

  /**
   * @param options made anew each time, because they hold colours
   */
  add(place: HTMLElement, label: string, data: uPlotType.AlignedData, options: () => Draft): void {
    const frame = make('div', { class: 'chart', role: 'img', 'aria-label': label })
    place.append(frame)
    let chart: Chart | undefined
    const draw = (): void => {
      chart?.destroy()
      const { height, ...draft } = options()
      chart = new uPlot({ width: widthOf(frame), height, ...draft }, data, frame)
    }
    draw()
    this.#drawn.push(draw)
    new ResizeObserver(() => {
      const width = widthOf(frame)
      if (chart !== undefined && chart.width !== width) chart.setSize({ width, height: chart.height })
    }).observe(frame)
  }

  redraw(): void {
    for (const draw of this.#drawn) draw()
  }
}

const widthOf = (frame: HTMLElement): number => Math.max(240, Math.floor(frame.clientWidth))

/** @param values the texts of the ticks */
export function axis(values: (ticks: number[]) => string[], more: Partial<uPlotType.Axis> = {}): uPlotType.Axis {
  return {
    stroke: colour('faint'),
    font: FONT,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { show: false },
    gap: 6,
    values: (_, ticks) => values(ticks),
    ...more,
  }
}

/**
 * Line charts as SVG text. Colours of text and axes are the page's own (currentColor), so that one drawing serves
 * light and dark; the chart scales with its column.
 */
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { ReportCurve } from './report-data.ts';

/** Line colours that keep a contrast of 3:1 on white and on near-black. */
const lineColours = ['#2f83c5', '#cf6a00', '#2a9070', '#b565a7', '#8a7a00', '#c0504d'];

function specificationOf(curves: readonly ReportCurve[]): TopLevelSpec {
  const values = curves.flatMap((curve) => curve.points.map(([x, y]) => ({ series: curve.name, x, y })));
  const names = curves.map((curve) => curve.name);
  const legend = curves.length > 1 ? ({ title: null, orient: 'top', columns: 3 } as const) : null;
  const crowded = curves.some((curve) => curve.points.length > 24);
  return {
    width: 420,
    height: 200,
    background: 'transparent',
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: crowded ? false : { size: 28, filled: true } },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: curves[0]?.xLabel ?? 'step',
        axis: { grid: false, tickCount: 6 },
      },
      y: {
        field: 'y',
        type: 'quantitative',
        title: curves[0]?.unit ?? null,
        scale: { zero: false, nice: true },
        axis: { tickCount: 5 },
      },
      color: {
        field: 'series',
        type: 'nominal',
        scale: { domain: names, range: lineColours },
        legend,
      },
      // A second channel besides colour keeps lines apart in grey print.
      strokeDash: { field: 'series', type: 'nominal', scale: { domain: names }, legend },
    },
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        labelColor: 'currentColor',
        titleColor: 'currentColor',
        domainColor: 'currentColor',
        tickColor: 'currentColor',
        gridColor: 'currentColor',
        gridOpacity: 0.14,
        domainOpacity: 0.5,
        tickOpacity: 0.5,
        titleFontWeight: 'normal',
      },
      legend: { labelColor: 'currentColor', labelLimit: 220 },
    },
  };
}

/**
 * Curves that share their axes as one inline SVG (no width or height, so the page decides).
 * @param description read out in place of the drawing.
 */
export async function renderChart(curves: readonly ReportCurve[], description: string): Promise<string> {
  const { spec } = compile(specificationOf(curves));
  const view = new vega.View(vega.parse(spec), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    const label = description.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    return svg
      .replace(/^<svg([^>]*?)\swidth="[^"]*"/, '<svg$1')
      .replace(/^<svg([^>]*?)\sheight="[^"]*"/, '<svg$1')
      .replace('<svg', `<svg role="img" aria-label="${label}"`);
  } finally {
    view.finalize();
  }
}

import type { ExportCell, Table } from '#src/kernel/export.ts';
import type { ChartData, ReportView } from '#src/kernel/views_pages.ts';

async function* batch(rows: ExportCell[][]) {
  yield rows;
}

/** The figures behind each chart of a report, so that it can be drawn again in the spreadsheet: a sheet a chart. */
export const chartTables = (view: ReportView): Table[] =>
  view.charts.map(({ title, json }, i) => {
    const { labels, series }: ChartData = JSON.parse(json);
    return {
      title: i ? `Chart ${i + 1}` : 'Chart',
      columns: [
        { label: title, excel: 'text', width: 40 },
        ...series.map(({ label }) => ({ label, excel: 'number' as const, width: 16 })),
      ],
      rows: batch(labels.map((label, at) => [label, ...series.map(({ values }) => values[at] ?? null)])),
    };
  });

/** What a workbook needs to be understood away from the page: for whom, which days and filters, how it is computed. */
export const aboutTable = (view: ReportView): Table => ({
  title: 'About',
  columns: [
    { label: 'Report', excel: 'text', width: 24 },
    { label: view.heading, excel: 'text', width: 100 },
  ],
  rows: batch([
    ['What it says', view.text],
    ...view.title_block.map(({ label, value }) => [label, value]),
    ...view.tiles.map(({ label, figure, change }) => [label, change ? `${figure}, ${change}` : figure]),
    ...view.computed.map(({ term, text }) => [`How: ${term}`, text]),
    ['Rows on the page', view.note],
  ]),
});

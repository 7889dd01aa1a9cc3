/**
 * The page's style sheet: system fonts, light and dark by the reader's setting, one column that becomes two where there
 * is room.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --panel: #ffffff; --ink: #1d232b; --quiet: #5b6672; --rule: #dfe2e6;
  --better: #12694b; --better-ground: #e3f3ec; --worse: #9c3412; --worse-ground: #fbeadf; --accent: #1f5f8f;
  --lv: #56b4e9; --myo: #e69f00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d; --panel: #1c2229; --ink: #e7eaee; --quiet: #a3aeba; --rule: #333c46;
    --better: #7fd4ae; --better-ground: #16352a; --worse: #f2ab84; --worse-ground: #40251a; --accent: #8cc4ee;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .9rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: .4rem 0; max-width: 46rem; }
.quiet { color: var(--quiet); }
.facts { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: 1.1rem 0 0; }
.facts div { display: flex; flex-direction: column; }
.facts dt { color: var(--quiet); font-size: .8rem; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--panel); border: 1px solid var(--rule); border-radius: .5rem; }
caption { text-align: left; color: var(--quiet); font-size: .88rem; padding-bottom: .5rem; }
th, td { padding: .55rem .8rem; text-align: right; border-top: 1px solid var(--rule); font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { border-top: 0; color: var(--quiet); font-weight: 500; font-size: .85rem; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
tbody th { font-weight: 500; }
td.after { font-weight: 650; }
.change { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; max-width: 14.5rem; white-space: normal; }
.better { color: var(--better); background: var(--better-ground); }
.worse { color: var(--worse); background: var(--worse-ground); }
.notice { border-left: 3px solid var(--accent); padding: .2rem 0 .2rem .9rem; margin: 1rem 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.1rem; align-items: start; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: .5rem; padding: .9rem; min-width: 0; }
figure img, figure svg { display: block; width: 100%; height: auto; }
figure img { max-height: 34rem; object-fit: contain; border-radius: .25rem; }
figcaption { font-size: .88rem; color: var(--quiet); margin-top: .55rem; }
.key { display: flex; gap: 1.2rem; font-size: .88rem; color: var(--quiet); margin: 0 0 .8rem; }
.key span::before { content: ''; display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .4em; vertical-align: -.05em; background: var(--swatch); }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--accent); padding: .3rem 0; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font: .86em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
td code { white-space: normal; }
footer { color: var(--quiet); font-size: .85rem; padding-top: 2.5rem; padding-bottom: 3rem; }
@media (max-width: 36rem) {
  header { padding-top: 1.75rem; }
  th, td { padding: .45rem .45rem; font-size: .88rem; white-space: normal; }
  figure { padding: .65rem; }
}
@media print { body { background: #fff; } figure, table { break-inside: avoid; } details { display: none; } }
`;

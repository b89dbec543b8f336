"""How the page looks: on a light and a dark screen, on a desk and on a phone, and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f5f6f8; --text: #1c2128; --muted: #57606a; --line: #d5dae0;
  --accent: #0b62a8; --alarm: #b34700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --text: #e4e7eb; --muted: #9aa4af; --line: #363d45;
    --accent: #6db7f2; --alarm: #ff9d5c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 70rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .25rem 0; }
.muted, figcaption { color: var(--muted); font-size: .9rem; }
.verdict { margin: 1.25rem 0 0; padding: 0 0 0 1.1rem; font-size: 1.08rem; }
.verdict li { margin: .35rem 0; }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0 0;
}
.tile { background: var(--card); border-radius: .5rem; padding: .7rem .9rem; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.2; font-weight: 650; }
.tile.alarm b { color: var(--alarm); }
.figures {
  display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
}
figure { margin: 0; padding: .9rem; background: var(--card); border-radius: .5rem; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; }
figure svg { display: block; width: 100%; height: auto; }
figure.wide svg { min-width: 38rem; }
@media (prefers-color-scheme: dark) { figure svg { filter: brightness(1.3); } }
table { border-collapse: collapse; width: 100%; font-size: .92rem; overflow-wrap: normal; }
th, td {
  text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top;
}
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { white-space: nowrap; }
.reason { min-width: 16rem; overflow-wrap: anywhere; }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--accent); }
pre {
  background: var(--card); border-radius: .5rem; padding: .9rem; overflow-x: auto;
  font-size: .85rem; line-height: 1.45;
}
dl {
  display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.2rem;
  margin: 0;
}
dt { color: var(--muted); }
dd { margin: 0; }
@media (max-width: 40rem) {
  .stacked thead { display: none; }
  .stacked, .stacked tbody, .stacked tr, .stacked td { display: block; }
  .stacked tr { border-bottom: 1px solid var(--line); padding: .6rem 0; }
  .stacked td { border: 0; padding: 0; text-align: left; white-space: normal; }
  .stacked td::before { content: attr(data-label) ": "; color: var(--muted); }
  .stacked .reason { display: inline; min-width: 0; }
}
@media print { body { max-width: none; } figure, .tile { break-inside: avoid; } }
"""

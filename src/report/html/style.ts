// The style of an HTML report: light or dark like the reader's system. Tables become cards on a phone. Print is always
// light, and no row is split between pages. Colours have a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3).

export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--bad:#b3151f;--good:#116329;--mixed:#7d4e00;--link:#0550ae}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--soft:#9aa4af;--line:#30363d;--panel:#161b22;--bad:#ff8078;--good:#56d364;--mixed:#e3b341;--link:#79c0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
h1{font-size:1.35rem;line-height:1.3;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h1.bad{color:var(--bad)}h1.good{color:var(--good)}h1.mixed{color:var(--mixed)}
h2{display:inline;font-size:1.1rem}
p{margin:.3rem 0;overflow-wrap:anywhere}
.about,.count,footer,#shown{color:var(--soft)}
.count{font-weight:400}
a{color:var(--link)}
section{margin:1.2rem 0}
summary{cursor:pointer;padding:.2rem 0}
form{position:sticky;top:0;display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;padding:.5rem;background:var(--panel);border:1px solid var(--line);border-radius:6px}
form[hidden]{display:none}
input[type=search]{font:inherit;padding:.2rem .4rem;min-width:12rem;background:var(--paper);color:var(--ink);border:1px solid var(--soft);border-radius:4px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:break-word;font-weight:400}
thead th{color:var(--soft);white-space:nowrap}
tbody th{font-weight:600;white-space:nowrap}
tr[data-grade=high]>th,tr[data-grade=error]>th{color:var(--bad)}
tr[data-grade=medium]>th,tr[data-grade=warning]>th{color:var(--mixed)}
tr[hidden]{display:none}
pre{overflow-x:auto;padding:.6rem;background:var(--panel);border:1px solid var(--line);font-size:.85rem}
footer{margin-top:2rem;font-size:.85rem}
@media(max-width:40rem){thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}tr[hidden]{display:none}th,td{display:block;border:0;padding:.1rem 0}tbody th{white-space:normal}td:empty{display:none}td::before{content:attr(data-label) ": ";color:var(--soft)}}
@media print{:root{color-scheme:light}tr{break-inside:avoid}form,footer{display:none}body{max-width:none;padding:0}details::details-content{content-visibility:visible}.wide{overflow:visible}}
`

// The script of a report in HTML: search and filters over rows that are there already. It makes no markup and reads nothing
// but the page. Plain JavaScript as browsers of the last five years run it.

export const script = `
'use strict'
const form = document.getElementById('controls')
const words = document.getElementById('words')
const shown = document.getElementById('shown')
const rows = [...document.querySelectorAll('tbody tr')].map(row => ({ row, text: row.textContent.toLowerCase() }))
function filter() {
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean)
  const grades = new Set([...form.querySelectorAll('input[name=grade]:checked')].map(box => box.value))
  let count = 0
  for (const { row, text } of rows) {
    const grade = row.dataset.grade
    const fits = (grade === undefined || grades.has(grade)) && wanted.every(word => text.includes(word))
    row.hidden = !fits
    if (fits) count++
  }
  shown.textContent = count + ' of ' + rows.length + ' rows'
  if (wanted.length > 0) for (const each of document.querySelectorAll('details')) each.open = true
}
if (rows.length > 0) {
  form.hidden = false
  form.addEventListener('input', filter)
  form.addEventListener('submit', event => event.preventDefault())
  filter()
}
`

// The script of an HTML report: it searches and filters the existing rows. It creates no markup and reads only the
// page. It is plain JavaScript that browsers of the last five years run.

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

// Says what the compiler said as the pages do. Standard input is JSON: the script, a page's language and messages, and what was said.
import fs from 'node:fs'

const { script, language, messages, said } = JSON.parse(fs.readFileSync(0, 'utf8'))
globalThis.document = {
  documentElement: { lang: language },
  getElementById: () => ({ textContent: JSON.stringify(messages) }),
}
const source = Buffer.from(fs.readFileSync(script)).toString('base64')
const { saidWords } = await import(`data:text/javascript;base64,${source}`)
console.log(JSON.stringify(said.map((one) => saidWords(one))))

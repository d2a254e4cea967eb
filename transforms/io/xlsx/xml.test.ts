/** The walk over XML gives the same tokens however its bytes come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainText, Xml, CLOSE, END, MORE, OPEN, TEXT } from './xml.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function tokens(text: string, size: number): Promise<string[]> {
  const xml = new Xml('part', chunked(Buffer.from(text), size))
  const found: string[] = []
  for (;;) {
    const token = xml.step()
    if (token === END) return found
    if (token === MORE) await xml.fill()
    else if (token === TEXT) found.push(`"${xml.text()}`)
    else if (token === OPEN)
      found.push(
        `<${xml.name()} ${xml.attribute('a')} ${xml.attribute('bc')}${xml.empty ? '/' : ''}`,
      )
    else if (token === CLOSE) found.push(`>${xml.name()}`)
  }
}

const TEXTS =
  '\ufeff<?xml version="1.0"?>\n<!-- <a> - -- > --><x:r xmlns:x="u" a = \'1>"2\' x:bc="&lt;é">a &amp; b&#10;<![CDATA[<&amp;]]]]><b/>' +
  '<c a=""  /></x:r  >\r\n'

test('the same tokens in pieces of every size', async () => {
  const whole = await tokens(TEXTS, 1000)
  assert.deepEqual(whole, [
    '"\ufeff',
    '"\n',
    '<r 1>"2 <é',
    '"a & b\n',
    '"<&amp;]]',
    '<b null null/',
    '<c  null/',
    '>r',
    '"\n',
  ])
  for (let size = 1; size < 40; size++) {
    // A text may come in parts where a section of character data meets it, never elsewhere.
    assert.deepEqual(await tokens(TEXTS, size), whole, `${size}`)
  }
})

test('what is cut short is told', async () => {
  for (const text of ['<a', '<a b="c', '<!-- x', '<![CDATA[x', '<a><b></', '<'])
    await assert.rejects(tokens(text, 3), /part ends within a tag/, text)
  await assert.rejects(tokens('<!DOCTYPE html>', 3), /document type/)
  await assert.rejects(tokens(`<a b="${'x'.repeat(5e6)}"`, 65536), /more than \d+ bytes/)
})

test('characters by name and number', () => {
  assert.equal(
    plainText('&lt;&gt;&amp;&quot;&apos;&#233;&#xE9;&#x110000;&no;&;\r\n\r'),
    '<>&"\'éé\ufffd&no;&;\n\n',
  )
})

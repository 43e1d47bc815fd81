// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Go writes groups of a replacement so
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { compileTemplate } from '../../src/rules/template.ts'

const LABELS = { job: 'shop', instance: 'web-1.example.org:8080', path: '/a b' }

const SAMPLES = [
  { labels: { __name__: 'up', instance: 'b' }, value: 1 },
  { labels: { __name__: 'up', instance: 'a' }, value: 0 },
]

function expand(template: string, value = 0): string {
  return compileTemplate(template)({
    labels: LABELS,
    value,
    externalLabels: { region: 'eu' },
    externalUrl: 'http://prometheus.example/p',
    nowMs: 60_000,
    query: (expression) => {
      if (expression !== 'up') throw new Error(`no answer for ${expression}`)
      return SAMPLES
    },
  })
}

/** Templates with what they give; a third column is the value when it is not 1234.5678. */
// biome-ignore format: a table is read by its columns
const CASES: readonly (readonly [template: string, text: string, value?: number])[] = [
  ['plain { text }', 'plain { text }'],
  ['{{ $labels.job }}/{{ .Labels.instance }}', 'shop/web-1.example.org:8080'],
  ['[{{ $labels.none }}]', '[]'],
  ['{{ $value }}', '1234.5678'],
  ['{{ .Value }}', '1e+06', 1_000_000],
  ['{{ $value }}', '1e-05', 0.00001],
  ['{{ $value }}', '1.2345678e+07', 12_345_678],
  ['{{ $value | printf "%.2f" }}', '1234.57'],
  ['{{ printf "%s is %5.1f%%" $labels.job $value }}', 'shop is 1234.6%'],
  ['{{ printf "%q %v %t|%-6s|%06.1f|%+.0f|%e|%g|%x" "a" $value true "ab" $value $value $value $value "hi" }}', '"a" 1234.5678 true|ab    |1234.6|+1235|1.234568e+03|1234.5678|6869'],
  ['{{ printf "%d" 42 }} {{ printf "%s" }} {{ printf "x" 1.5 }}', '42 %!s(MISSING) x%!(EXTRA float64=1.5)'],
  ['{{ humanize $value }}', '1.235k'],
  ['{{ humanize $value }}', '123.5m', 0.12345],
  ['{{ humanize $value }}', '0', 0],
  ['{{ humanize $value }}', '-12.35M', -12_345_678],
  ['{{ humanize1024 $value }}', '1.206ki'],
  ['{{ humanize1024 $value }}', '2Gi', 2_147_483_648],
  ['{{ humanizeDuration $value }}', '20m 34s'],
  ['{{ humanizeDuration $value }}', '1d 2h 3m 4s', 93_784],
  ['{{ humanizeDuration $value }}', '12.35ms', 0.012345],
  ['{{ humanizeDuration $value }}', '4.5s', 4.5],
  ['{{ humanizeDuration $value }}', '-1m 5s', -65],
  ['{{ humanizePercentage $value }}', '12.35%', 0.12345],
  ['{{ humanizePercentage $value }}', '123%', 1.23],
  ['{{ humanizeTimestamp $value }}', '2015-08-02 12:34:56.5 +0000 UTC', 1_438_518_896.5],
  ['{{ if gt $value 1000.0 }}high{{ else if gt $value 10.0 }}middle{{ else }}low{{ end }}', 'high'],
  ['{{ if gt $value 1000.0 }}high{{ else if gt $value 10.0 }}middle{{ else }}low{{ end }}', 'middle', 50],
  ['{{ if and (eq $labels.job "shop") (not (lt $value 0.0)) }}yes{{ end }}', 'yes'],
  ['{{ with $labels.none }}a{{ else }}b{{ end }}{{ with $labels.job }}{{ . | toUpper }}{{ end }}', 'bSHOP'],
  ['{{ range $key, $text := $labels }}{{ $key }}={{ $text }};{{ end }}', 'instance=web-1.example.org:8080;job=shop;path=/a b;'],
  ['{{ $x := $labels.job }}{{ $x = printf "%s!" $x }}{{ $x }}', 'shop!'],
  ['a  {{- $labels.job -}}  b{{/* a comment */}}c', 'ashopbc'],
  ['{{ "a \\"b\\" \\n" }}{{ `c"` }}', 'a "b" \nc"'],
  ['{{ "\\x41\\u00e9\\101" }}', 'AéA'],
  ['{{ $labels.job | title }} {{ toLower "ABC" }} {{ title "two words" }}', 'Shop abc Two Words'],
  ['{{ match "^sh" $labels.job }} {{ reReplaceAll "(w)eb-(\\\\d)" "$2${1}x" $labels.instance }}', 'true 1wx.example.org:8080'],
  ['{{ stripPort $labels.instance }} {{ stripPort "[::1]:80" }} {{ stripPort "host" }}', 'web-1.example.org ::1 host'],
  ['{{ stripDomain $labels.instance }} {{ stripDomain "10.0.0.1:80" }}', 'web-1:8080 10.0.0.1:80'],
  ['{{ len $labels.job }} {{ index $labels "job" }} {{ slice "abcdef" 1 3 }}', '4 shop bc'],
  ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" $labels.job }}', '<shop>'],
  ['{{ or "" "b" }}{{ and "a" "" }}{{ print 1 "x" }}{{ html "<&>" }}{{ urlquery "a b&c" }}', 'b1x&lt;&amp;&gt;a+b%26c'],
  ['{{ parseDuration "1h30m" }}', '5400'],
]

/** Templates that ask; promtool's answers would need the same series, so these stand alone. */
// biome-ignore format: a table is read by its columns
const QUERY_CASES: readonly (readonly [template: string, text: string])[] = [
  ['{{ with query "up" }}{{ . | first | value }}{{ end }}', '1'],
  ['{{ query "up" | first | label "instance" }}', 'b'],
  ['{{ range query "up" | sortByLabel "instance" }}{{ .Labels.instance }}:{{ .Value }} {{ end }}', 'a:0 b:1 '],
  ['{{ range query "up" }}{{ if eq .Value 0.0 }}{{ break }}{{ end }}x{{ end }}', 'x'],
  ['{{ externalURL }} {{ pathPrefix }} {{ $externalLabels.region }}', 'http://prometheus.example/p /p eu'],
]

// biome-ignore format: a table is read by its columns
const BAD: readonly (readonly [template: string, problem: string])[] = [
  ['{{ if true }}', 'template:1:12: {{if}} without {{end}}'],
  ['x\n {{ nope }}', 'template:2:5: function "nope" not defined'],
  ['{{ $x }}', 'template:1:4: undefined variable "$x"'],
  ['{{ "\\q" }}', 'template:1:4: unknown escape in "\\q"'],
  ['{{ "a', 'template:1:4: unexpected "\\"" in an action'],
  ['{{ end }}', 'template:1:8: unexpected {{end}}'],
  ['{{ }', 'template:1:4: unexpected "}" in an action'],
  ['{{ $value | }}', 'template:1:13: missing value'],
  ['{{ ($value }}', 'template:1:12: unclosed left parenthesis'],
  ['{{ break }}', 'template:1:10: {{break}} outside {{range}}'],
  [`${'{{if true}}'.repeat(500)}`, 'template:1:1099: more than 100 levels of nesting'],
]

const FAILING: readonly (readonly [template: string, problem: string])[] = [
  ['{{ query "down" }}', 'error calling query: no answer for down'],
  ['{{ humanize "x" }}', "error calling humanize: can't convert x to float"],
  ['{{ humanize }}', 'wrong number of args for humanize: want 1 got 0'],
  ['{{ $labels.job.more }}', "can't evaluate field more in type string"],
  ['{{ range 1000000 }}{{ range 1000000 }}x{{ end }}{{ end }}', 'more than 16384 characters'],
  [
    '{{ range 1000000 }}{{ end }}{{ range 1000000 }}{{ $x := 1 }}{{ end }}',
    'more than 100000 steps',
  ],
  [
    '{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
    'templates call each other more than 100 deep',
  ],
]

describe('templates', () => {
  for (const [template, text, value = 1234.5678] of CASES) {
    it(`expands ${template}`, () => expect(expand(template, value)).to.equal(text))
  }
  for (const [template, text] of QUERY_CASES) {
    it(`asks for ${template}`, () => expect(expand(template)).to.equal(text))
  }
  for (const [template, problem] of BAD) {
    it(`says: ${problem}`, () => expect(() => compileTemplate(template)).to.throw(problem))
  }
  for (const [template, problem] of FAILING) {
    it(`fails: ${problem}`, () => expect(() => expand(template)).to.throw(problem))
  }

  const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync)

  it("gives what Prometheus' own templates give", function () {
    if (promtool === undefined) this.skip()
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-template-'))
    // What came after the oldest promtool that Debian has.
    const newer = /stripDomain|break|urlquery|humanizePercentage \$value \}\}$|range \d/
    const cases = CASES.filter(
      ([template]) => !newer.test(template) || template.includes('Percentage'),
    )
    const rules = cases.map(([template, , value = 1234.5678], index) => ({
      alert: `Case${index}`,
      expr: `m * 0 + ${value}`,
      annotations: { text: template },
    }))
    const series = `m{${Object.entries(LABELS)
      .map(([name, text]) => `${name}="${text}"`)
      .join(',')}}`
    const tests = cases.map(([, text], index) => ({
      interval: '1m',
      input_series: [{ series, values: '0 0 0' }],
      alert_rule_test: [
        {
          eval_time: '1m',
          alertname: `Case${index}`,
          exp_alerts: [{ exp_labels: LABELS, exp_annotations: { text } }],
        },
      ],
    }))
    writeFileSync(join(directory, 'rules.yml'), stringify({ groups: [{ name: 'g', rules }] }))
    writeFileSync(join(directory, 'test.yml'), stringify({ rule_files: ['rules.yml'], tests }))
    try {
      execFileSync(promtool, ['test', 'rules', 'test.yml'], { cwd: directory, stdio: 'pipe' })
    } catch (error) {
      throw new Error(
        String((error as { stdout: Buffer }).stdout) + String((error as { stderr: Buffer }).stderr),
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

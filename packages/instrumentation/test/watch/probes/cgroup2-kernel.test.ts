import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

/** Debian's `user-mode-linux`: a Linux kernel that runs as a program. */
const KERNEL = '/usr/bin/linux.uml'
const ROOT = join(import.meta.dirname, '../../../../..')
const TESTS = 'packages/instrumentation/test/watch/probes/cgroup2.test.ts'
const DISK_BYTES = 16 << 20
/**
 * What the kernel says where the processor has more registers (AMX) than it makes room for: Linux takes them all or
 * none, so that no program can be started in it.
 */
const REGISTERS_TOO_LARGE = 'ptrace set fp regs failed'

/** What a machine whose controllers are in version 1 cannot show: a kernel of our own has them all in version 2. */
describe('a kernel with all controllers in version 2', () => {
  it('passes each test of a group of version 2, none skipped', async function () {
    if (!existsSync(KERNEL)) {
      console.log(`    no ${KERNEL} here (Debian's user-mode-linux)`)
      return this.skip()
    }
    this.timeout(300_000)
    const folder = mkdtempSync(join(tmpdir(), 'chokepoint-kernel-'))
    try {
      const report = await runKernel(folder)
      if (report.includes(REGISTERS_TOO_LARGE)) {
        console.log(`    ${KERNEL} cannot run programs on this processor: ${REGISTERS_TOO_LARGE}`)
        return this.skip()
      }
      expect(report, report).to.match(/^[1-9]\d* passed, 0 failed, 0 skipped$/m)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/**
 * Starts the kernel over this machine's files, which it can only read but for `folder`, with a disk of its own. Gives
 * what the tests in it reported.
 */
async function runKernel(folder: string): Promise<string> {
  const [init, disk] = [join(folder, 'init'), join(folder, 'disk')]
  writeFileSync(disk, '')
  truncateSync(disk, DISK_BYTES)
  const script = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
mkdir /tmp/folder
mount -t hostfs -o ${folder} hostfs /tmp/folder
ip link set lo up
cd ${ROOT}
export HOME=/tmp PATH=/usr/bin:/bin:/usr/sbin:/sbin CHOKEPOINT_TEST_DISK=/dev/ubda
${process.execPath} node_modules/mocha/bin/mocha.js --no-color ${TESTS} >/tmp/folder/report 2>&1
sync
halt -f
`
  writeFileSync(init, script, { mode: 0o755 })
  const root = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro']
  const own = ['mem=1024M', `ubda=${disk}`, `uml_dir=${folder}`, `init=${init}`]
  const consoles = ['quiet', 'con=null', 'con0=null,fd:1']
  const options = { env: { ...process.env, TMPDIR: folder }, timeout: 280_000 }
  const printed = await new Promise<string>((resolve) => {
    execFile(KERNEL, [...consoles, ...root, ...own], options, (error, stdout) =>
      resolve(error === null ? stdout : `${error.message}\n${stdout}`),
    )
  })
  const report = join(folder, 'report')
  return existsSync(report) ? readFileSync(report, 'utf8') : printed
}
